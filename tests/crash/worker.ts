/**
 * Run as a process of its own: `worker FOLDER BUNDLE CALLERS CALLS`. A control plane on a folder, with callers that spend, settle, refund and ask for approvals
 * at once. Says, one line each: `open`, `refused CODE`, `ack SEQUENCE CODE HASH` for every answer, `failed CODE` for one without a record, `done`.
 */
import { readFileSync, writeSync } from "node:fs";
import type { Governed } from "../../control/govern.ts";
import { type Control, ControlRefused, openControl } from "../../hosts/node/control.ts";

const [folder, bundle, callers, calls, skew = "0"] = process.argv.slice(2);
const say = (text: string): void => void writeSync(1, `${text}\n`);

function hear({ verdict, sequence, hash }: Governed): void {
  if (sequence === null) say(`failed ${verdict.code} ${verdict.effect}`);
  else say(`ack ${sequence} ${verdict.code} ${Buffer.from(hash!).toString("hex")}`);
}

async function call(control: Control, caller: number, number: number): Promise<void> {
  const session = `s${caller % 4}`;
  const action = { agent: "shop", session, tool: "pay/small", args: { amount: 1 + (number % 3) } };
  const decision = await control.decide({ agent: "shop", session, action });
  hear(decision);
  if (decision.reservation === null) {
    if (decision.verdict.code === "session_unknown")
      hear(await control.openSession({ agent: "shop", session }));
    return;
  }
  if (number % 5 === 0) hear(await decision.refund());
  else if (number % 3 === 0) hear(await decision.settle({ money: 1 }));
  if (number % 10 === 0) hear(await decision.refund());
}

async function main(): Promise<void> {
  const clock = { now: () => Date.now() + Number(skew) };
  const control = await openControl({
    folder: folder!,
    policy: readFileSync(bundle!),
    insecure: true,
    clock,
  });
  say("open");
  const caller = async (index: number): Promise<void> => {
    for (let number = 0; number < Number(calls); number++) await call(control, index, number);
  };
  await Promise.all(Array.from({ length: Number(callers) }, (_, index) => caller(index)));
  await control.close();
  say("done");
}

try {
  await main();
} catch (error) {
  say(error instanceof ControlRefused ? `refused ${error.code}` : `threw ${error}`);
  process.exitCode = 1;
}
