import { existsSync } from "node:fs";
import { join } from "node:path";
import { RecordMismatch } from "../../control/ledger/changes.ts";
import { LedgerFailure } from "../../control/ports.ts";
import { codeNamed } from "../../engine/binding/codes.ts";
import { ControlRefused, RECORDS_NAME, rebuild as rebuildFolder } from "../../hosts/node/control.ts";
import { type Command, JSON_OUTPUT } from "../command.ts";
import { CommandError, EXIT_FINDINGS, EXIT_MISUSE, EXIT_OK } from "../errors.ts";
import { print, printJson } from "../io.ts";
import { FINDINGS } from "../plane.ts";
import { styleFor } from "../style.ts";

export const rebuild: Command = {
  name: "rebuild",
  summary: "make the state of a control plane anew from its records",
  description: `The records are the truth: what \`DIR/state.sqlite\` holds is replaced by what they tell, each state checked against its digest.
Stop the host first. A state file that cannot be opened is moved away by hand before. After \`state_ahead\` look for the rest of the log first: what only the lost records told is not in the new state.`,
  operands: [{ name: "DIR", minimum: 1, maximum: 1, help: "folder of the control plane" }],
  options: [JSON_OUTPUT],
  examples: [
    { command: "faramesh rebuild plane", text: "budgets, sessions and freezes as the log has them" },
  ],
  exits: { ok: "the state is that of the records", findings: "the records do not hold together" },
  async run(invocation) {
    const folder = invocation.operands[0]!;
    if (!existsSync(join(folder, RECORDS_NAME))) {
      throw new CommandError(EXIT_MISUSE, "it is no control plane's folder: it has no records", {
        place: folder,
        help: "name the folder that holds `records` and `state.sqlite`",
      });
    }
    const records = await attempt(folder);
    if (invocation.flag("json")) await printJson({ folder, records });
    else {
      const style = styleFor(process.stdout);
      const count = records === 1 ? "1 record" : `${records} records`;
      await print(`${style.green("✓")} ${folder}: the state is made anew from ${count}\n`);
    }
    return EXIT_OK;
  },
};

async function attempt(folder: string): Promise<number> {
  try {
    return await rebuildFolder(folder);
  } catch (error) {
    if (error instanceof ControlRefused) {
      const exit = FINDINGS.includes(error.code) ? EXIT_FINDINGS : EXIT_MISUSE;
      throw new CommandError(exit, `${error.message} (${error.code})`, { place: folder, help: error.help });
    }
    if (error instanceof RecordMismatch) {
      const help = "`faramesh audit verify` names the place; restore the log from a copy";
      throw new CommandError(EXIT_FINDINGS, error.message, { place: folder, help });
    }
    if (!(error instanceof LedgerFailure)) throw error;
    throw new CommandError(EXIT_MISUSE, error.message, { place: folder, help: codeNamed(error.code).next });
  }
}
