/** Thread that makes the checkpoints of a folder's log: what it reads, hashes and signs holds up no decision. For `startThread`. */
import { parentPort, workerData } from "node:worker_threads";
import { printCheckpoint, type SignedCheckpoint } from "../../../control/audit/checkpoint.ts";
import { errorText } from "../files.ts";
import { startCheckpoints } from "../log/timer.ts";
import type { FromThread, ThreadData, ToThread } from "./messages.ts";

const port = parentPort!;
const post = (message: FromThread): void => port.postMessage(message);

const { folder, ...options } = workerData as ThreadData;
const started = await startCheckpoints(folder, {
  ...options,
  onCheckpoint: (checkpoint: SignedCheckpoint) => post({ type: "made", note: printCheckpoint(checkpoint) }),
  onFailure: (error) => post({ type: "failed", message: errorText(error) }),
});
if (!started.ok) {
  const { code, message, help } = started;
  post({ type: "refused", refusal: { ok: false, code, message, help } });
} else {
  const { latest } = started.notary;
  post({ type: "open", note: latest === null ? null : printCheckpoint(latest) });
  port.on("message", async (message: ToThread) => {
    if (message.type === "every") started.every(message);
    else {
      await started.stop();
      post({ type: "stopped" });
      port.close();
    }
  });
}
