/**
 * Run as a process of its own: `host-worker FOLDER POLICY CALLERS`. A control plane that operators reach, under the load of that many callers. Prints
 * `open`, and for each tool the code and the record of the first decision that differs from the one before. SIGTERM closes it, `closed` is its last line.
 */
import { writeSync } from "node:fs";
import { openControl } from "../../hosts/node/index.ts";

const [folder, policy, callers] = process.argv.slice(2);
const say = (text: string): void => void writeSync(1, `${text}\n`);
const control = await openControl({ policy: policy!, insecure: true, folder: folder!, operate: true });
say("open");
let isClosing = false;
process.once("SIGTERM", async () => {
  isClosing = true;
  await control.close();
  say("closed");
  process.exit();
});
process.on("SIGHUP", async () => {
  const reloaded = await control.reload(policy!);
  say(reloaded.ok ? "reloaded" : reloaded.code);
});

const session = { agent: "shop", session: "s-1" };
await control.openSession(session);

async function call(tool: string, amount: number, pauseMs: number): Promise<void> {
  let before = "";
  const action = { ...session, tool, args: { amount } };
  while (!isClosing) {
    const { verdict, sequence } = await control.decide({ ...session, action });
    if (verdict.code !== before) say(`${tool} ${verdict.code} ${sequence}`);
    before = verdict.code;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
for (let caller = 0; caller < Number(callers); caller++) void call("orders/get", 1, 0);
void call("stripe/refund", 90, 20);
