/** Decides in the folder named by its argument until it is killed; says `busy` once it has decided for a while. */
import { writeSync } from "node:fs";
import { openControl } from "../../hosts/node/control.ts";
import { runLoad } from "./load.ts";
import { durableFile } from "./workload.ts";

const DECISIONS_BEFORE = 20_000;

const control = await openControl({ policy: durableFile(), insecure: true, folder: process.argv[2]! });
await runLoad(control, { kind: "settled", callers: 64, decisions: DECISIONS_BEFORE });
writeSync(1, "busy\n");
for (;;) await runLoad(control, { kind: "settled", callers: 64, durationMs: 1_000 });
