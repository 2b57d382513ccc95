import { load } from "../../bundles/load.ts";
import { wholeNumber } from "../arguments.ts";
import { type Command, JSON_OUTPUT } from "../command.ts";
import { EXIT_FINDINGS, EXIT_OK, misuse } from "../errors.ts";
import { placeName, print, printJson, readBytes } from "../io.ts";
import { TRUST } from "../options.ts";
import { decodeOrFail, loadCore, readTrust } from "../policy.ts";
import { printable, styleFor } from "../style.ts";

export const verify: Command = {
  name: "verify",
  summary: "verify the signatures of a bundle",
  description:
    "Enough keys of the trust file must have signed exactly this bundle, each within its validity, and its sequence number\nmust not be below the smallest that is accepted. The bundle's own bytes are then validated as the core does when loading.",
  operands: [{ name: "FILE", minimum: 1, maximum: 1, help: "the bundle" }],
  options: [
    { ...TRUST, required: true, help: "trust file: whose signatures count" },
    {
      name: "minimum-sequence",
      value: "N",
      help: "refuse a sequence number below N, whatever the trust file says",
    },
    JSON_OUTPUT,
  ],
  examples: [{ command: "faramesh verify policy.fplb --trust trust.json", text: "before a deployment" }],
  exits: { ok: "the bundle is what the trusted keys signed", findings: "it is refused" },
  async run(invocation) {
    const path = invocation.operands[0]!;
    const trustPath = invocation.value("trust");
    if (trustPath === null)
      throw misuse("`--trust FILE` is missing", "`faramesh trust init` writes a trust file");
    const trust = readTrust(trustPath)!;
    const minimum = invocation.value("minimum-sequence");
    if (minimum !== null) {
      const least = wholeNumber("minimum-sequence", minimum, 0, Number.MAX_SAFE_INTEGER);
      trust.minimumSequence = Math.max(trust.minimumSequence, least);
    }
    const result = load(readBytes(path), { trust, nowMs: Date.now(), highest: null });
    const style = styleFor(process.stdout);
    const json = invocation.flag("json");
    if (!result.ok) {
      const { code, message, help } = result;
      if (json) await printJson({ ok: false, code, message, help });
      else
        await print(
          `${style.red("✗")} ${placeName(path)}: ${printable(message)}\n  ${style.cyan("help")}: ${help}\n`,
        );
      return EXIT_FINDINGS;
    }
    await loadCore(path, result.bundle, true);
    decodeOrFail(path, result.bundle);
    const { digest, sequence, keys } = result;
    if (json) await printJson({ ok: true, digest, sequence, keys, threshold: trust.threshold });
    else
      await print(
        `${style.green("✓")} ${path}: signed by ${keys.join(", ")}, sequence ${sequence}\nsha256 ${digest}\n`,
      );
    return EXIT_OK;
  },
};
