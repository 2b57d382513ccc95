/** `node cli/run.mjs bench/component.ts`: what a call of the component costs under jco, beside one of the core through the binding. */
import { readFileSync } from "node:fs";
import { instantiate, type Text, type Verdict } from "../engine/binding/index.ts";
import { compileSources } from "../examples/compiled.ts";
import { openComponent } from "../hosts/component/node.ts";

const CALLS = 20_000;
const ROUNDS = 25;
const POLICY = `
agent shop {
  default deny
  rules {
    permit orders/refund when args.amount <= 100
  }
}
`;
const ACTION = '{"agent":"shop","tool":"orders/refund","args":{"amount":20}}';
const PLACE = { sequence: 0, previous: new Uint8Array(32) };

/** Microseconds a call in the fastest round: others on the machine only ever make it slower. */
function measure(call: () => void): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const begin = process.hrtime.bigint();
    for (let count = 0; count < CALLS; count++) call();
    return Number(process.hrtime.bigint() - begin) / 1000 / CALLS;
  });
  return Math.min(...rounds);
}

const { bundle } = compileSources([{ name: "policy.fpl", text: POLICY }]);
const core = await instantiate(new Uint8Array(readFileSync("engine/dist/core.wasm")));
const component = await openComponent(process.argv[2] ?? "engine/dist/component");
for (const [name, one] of [
  ["binding", core],
  ["component, jco", component],
] as const) {
  one.load(bundle!, { signed: false });
  const action: Text = new TextEncoder().encode(ACTION);
  const verdict: Verdict = one.decide(action);
  if (verdict.effect !== "permit") throw new Error(`${name}: ${verdict.code}`);
  const decided = measure(() => one.decide(action));
  const recorded = measure(() => one.decideRecorded(action, undefined, PLACE));
  console.log(`${name}: decide ${decided.toFixed(2)} µs, decideRecorded ${recorded.toFixed(2)} µs`);
}
