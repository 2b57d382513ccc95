/** In workerd, whose clocks stand still within a request: does what the path says, and leaves the time to who asks. */
import lines from "actions.jsonl";
import module from "core.wasm";
import file from "policy.fplb";
import trust from "trust.json";
import { type Core, instantiate } from "../../../engine/binding/index.ts";
import { decide, linesOf, loadSigned, record, trustOf } from "../figures.ts";

interface Env {
  /** SHA-256 of the core's module. */
  DIGEST: number[];
  NOW_MS: number;
}

const actions = linesOf(new Uint8Array(lines));
let core: Core | null = null;

/** The core is a module that workerd compiled before. */
async function open({ DIGEST, NOW_MS }: Env): Promise<void> {
  core = await instantiate(module, { digest: new Uint8Array(DIGEST) });
  loadSigned(core, new Uint8Array(file), { trust: trustOf(new Uint8Array(trust)), nowMs: NOW_MS });
}

function passes(count: number, isRecorded: boolean) {
  let permitted = 0;
  let tip = "";
  for (let pass = 0; pass < count; pass++) {
    if (isRecorded) {
      const made = record(core!, actions);
      permitted += made.permitted;
      tip = made.tip;
    } else permitted += decide(core!, actions);
  }
  return { permitted, decisions: count * actions.length, tip };
}

export default {
  /** `/load`, which decides once; `/decide?passes=N`, `/record?passes=N`. */
  async fetch(request: { url: string }, env: Env): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/load") {
      await open(env);
      return Response.json(core!.decide(actions[0]!).effect);
    }
    return Response.json(passes(Number(searchParams.get("passes")), pathname === "/record"));
  },
};
