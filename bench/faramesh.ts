/** Faramesh as a contender: compile, sign, verify and load as a host does, then decide from text, from bytes, and with the record. */
import { readFileSync } from "node:fs";
import { compile } from "../bundles/compile/compile.ts";
import { type Core, instantiate } from "../engine/binding/index.ts";
import { check } from "../fpl-grammar/index.ts";
import type { Contender } from "./measure.ts";
import type { Workload } from "./workload.ts";

export const coreFile = new URL("../engine/dist/core.wasm", import.meta.url);

export function compilePolicy(policy: string): Uint8Array {
  const { program, diagnostics } = check([{ name: "bench.fpl", text: policy }]);
  if (program === null) throw new Error(`the policy does not check: ${JSON.stringify(diagnostics[0])}`);
  const { bundle, diagnostics: build } = compile(program);
  if (bundle === null) throw new Error(`the policy does not compile: ${JSON.stringify(build[0])}`);
  return bundle;
}

export async function openCore(bundle: Uint8Array, signed = true): Promise<Core> {
  const core = await instantiate(readFileSync(coreFile));
  const loaded = core.load(bundle, { signed });
  if (!loaded.ok) throw new Error(`the core refused the bundle: ${JSON.stringify(loaded)}`);
  return core;
}

export async function contenders(workload: Workload): Promise<Contender[]> {
  const core = await openCore(compilePolicy(workload.policy));
  const { requests } = workload;
  const encoder = new TextEncoder();
  const bytes = requests.map((request) => encoder.encode(request.text));
  const previous = new Uint8Array(32);
  return [
    {
      name: "Faramesh",
      note: "JSON text in, verdict out",
      run(count) {
        let permitted = 0;
        for (let i = 0; i < count; i++) {
          if (core.decide(requests[i % requests.length]!.text).effect === "permit") permitted++;
        }
        return permitted;
      },
    },
    {
      name: "Faramesh, bytes",
      note: "UTF-8 bytes in, verdict out",
      run(count) {
        let permitted = 0;
        for (let i = 0; i < count; i++) {
          if (core.decide(bytes[i % bytes.length]!).effect === "permit") permitted++;
        }
        return permitted;
      },
    },
    {
      name: "Faramesh, recorded",
      note: "JSON text in, verdict and chained record out",
      run(count) {
        let permitted = 0;
        for (let i = 0; i < count; i++) {
          const { verdict } = core.decideRecorded(requests[i % requests.length]!.text, undefined, {
            sequence: i,
            previous,
          });
          if (verdict.effect === "permit") permitted++;
        }
        return permitted;
      },
    },
  ];
}
