/** Bundles that the core refuses: a small one with some bytes changed, a few for each code. */
import { instantiate, type LoadRefusalCode } from "../../engine/binding/index.ts";
import { compiled } from "../conformance/policy.ts";
import { builtCore } from "./json-core.ts";

export interface RefusedBundle {
  title: string;
  code: LoadRefusalCode;
  bundle: Uint8Array;
}

const POLICY = `agent "a" {
  rate_limit pay 3 per minute
  rules { permit pay when note matches "^x" && amount <= 2  deny! rm }
}`;
const PER_CODE = 6;
/** A prime, so that every field of every table is met somewhere. */
const STRIDE = 7;
const BITS = [0x01, 0x7f, 0xff, 0x80];

async function find(): Promise<RefusedBundle[]> {
  const { bundle } = compiled(POLICY);
  const core = await instantiate(builtCore());
  const found: RefusedBundle[] = [];
  const add = (title: string, changed: Uint8Array): void => {
    const result = core.load(changed, { signed: false });
    if (result.ok || found.filter(({ code }) => code === result.code).length >= PER_CODE) return;
    found.push({ title, code: result.code, bundle: changed });
  };
  add("no bytes", new Uint8Array());
  add("a byte less", bundle.slice(0, -1));
  add("a byte more", Uint8Array.of(...bundle, 0));
  for (let step = 0; step < bundle.length; step++) {
    const at = (step * STRIDE) % bundle.length;
    const value = BITS[step % BITS.length]!;
    const changed = bundle.slice();
    changed[at] = changed[at]! ^ value;
    add(`byte ${at} changed by ${value}`, changed);
  }
  return found;
}

export const LOAD_REFUSALS: readonly RefusedBundle[] = await find();
