import { CODES } from "../../engine/binding/codes.ts";
import { type Command, JSON_OUTPUT } from "../command.ts";
import { EXIT_OK, misuse, nearest } from "../errors.ts";
import { print, printJson } from "../io.ts";
import { effectStyle, styleFor } from "../style.ts";

export const codes: Command = {
  name: "codes",
  summary: "list the verdict codes, their meaning and the next step",
  description: "The table is closed: a verdict has one of these codes.",
  operands: [{ name: "CODE", minimum: 0, maximum: 100, help: "only these" }],
  options: [JSON_OUTPUT],
  examples: [
    { command: "faramesh codes", text: "all of them" },
    { command: "faramesh codes default_deny", text: "what does this one mean?" },
  ],
  exits: { ok: "the codes were listed", findings: null },
  async run(invocation) {
    const all = Object.values(CODES);
    const names: string[] = all.map(({ name }) => name);
    for (const name of invocation.operands) {
      if (names.includes(name)) continue;
      const near = nearest(name, names);
      throw misuse(
        `unknown code \`${name}\``,
        near === null ? "`faramesh codes` lists them" : `did you mean \`${near}\`?`,
      );
    }
    const chosen = all.filter(
      ({ name }) => invocation.operands.length === 0 || invocation.operands.includes(name),
    );
    if (invocation.flag("json")) {
      await printJson({
        codes: chosen.map(({ number, name, effect, text, next }) => ({ number, name, effect, text, next })),
      });
      return EXIT_OK;
    }
    const style = styleFor(process.stdout);
    for (const { number, name, effect, text, next } of chosen) {
      await print(
        `${style.dim(String(number).padStart(3))}  ${effectStyle(style, effect)(name)}  ${text}\n     ${style.dim(next)}\n`,
      );
    }
    return EXIT_OK;
  },
};
