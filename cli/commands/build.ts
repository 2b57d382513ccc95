import { existsSync } from "node:fs";
import { decodeContainer, encodeContainer } from "../../bundles/container.ts";
import { type Source, sha256Hex } from "../../bundles/trust/index.ts";
import { type Command, JSON_OUTPUT } from "../command.ts";
import { EXIT_OK, misuse } from "../errors.ts";
import { writeFile } from "../files.ts";
import { print, printError, printJson, readBytes } from "../io.ts";
import { SEQUENCE, TRUST } from "../options.ts";
import { compileOrFail, readTrust } from "../policy.ts";
import { findingText } from "../report/diagnostics.ts";
import { readPrivateKeys, readSequence, signBundle, statedSequence } from "../signing.ts";
import { styleFor } from "../style.ts";

/** One more than the sequence number of the bundle that stands at `path`; the same for the same bundle; 1 for the first. */
function nextSequence(path: string, bundle: Uint8Array): number {
  if (!existsSync(path)) return 1;
  const container = decodeContainer(readBytes(path));
  const stated = container.ok ? statedSequence(container.bundle, container.envelope) : null;
  if (!container.ok || stated === null) return 1;
  return sha256Hex(container.bundle) === sha256Hex(bundle) ? stated : stated + 1;
}

export const build: Command = {
  name: "build",
  summary: "compile a policy into a bundle",
  description:
    "The same sources give the same bytes on every machine. Without --sign the bundle is unsigned, and is refused wherever\nsignatures are verified. Without --sequence the number is one more than that of the bundle it replaces.",
  operands: [{ name: "PATH", minimum: 1, maximum: 1, help: "policy file, folder, or -" }],
  options: [
    { name: "output", short: "o", value: "FILE", required: true, help: "the bundle to write, NAME.fplb" },
    {
      name: "sign",
      short: "s",
      value: "KEY",
      multiple: true,
      help: "sign it with a private key of `faramesh keygen`",
    },
    SEQUENCE,
    { ...TRUST, help: "trust file for imports whose lock names a signer" },
    JSON_OUTPUT,
  ],
  examples: [
    { command: "faramesh build policies/ -o policy.fplb --sign keys/release.key", text: "compile and sign" },
    {
      command: "faramesh build policy.fpl -o policy.fplb",
      text: "compile only; sign later with `faramesh sign`",
    },
  ],
  exits: { ok: "the bundle was written", findings: "the policy has errors, or a key was refused" },
  async run(invocation) {
    const output = invocation.value("output");
    if (output === null)
      throw misuse("`--output FILE` is missing", "name the bundle to write: `-o policy.fplb`");
    const keys = readPrivateKeys(invocation.values("sign"));
    const given = readSequence(invocation.value("sequence"));
    if (given !== null && keys.length === 0)
      throw misuse("`--sequence` is signed, and there is no `--sign`", "add `--sign KEY`");
    const compiled = compileOrFail(invocation.operands[0]!, readTrust(invocation.value("trust")));
    const style = styleFor(process.stderr);
    for (const finding of compiled.findings) {
      if (finding.diagnostic.severity === "warning") printError(`${findingText(finding, style)}\n`);
    }
    const { bundle } = compiled;
    const { sources } = JSON.parse(compiled.ir.manifest) as { sources: Source[] };
    const sequence = keys.length === 0 ? null : (given ?? nextSequence(output, bundle));
    const envelope = sequence === null ? null : signBundle(output, bundle, keys, sequence, sources);
    const file = encodeContainer({ bundle, envelope });
    await writeFile(output, file);
    const digest = sha256Hex(bundle);
    const signers = keys.map(({ name }) => name);
    if (invocation.flag("json")) {
      await printJson({ file: output, bytes: file.length, digest, sequence, keys: signers });
    } else {
      const signed = sequence === null ? "unsigned" : `signed by ${signers.join(", ")}, sequence ${sequence}`;
      await print(`${output}: ${file.length} bytes, ${signed}\nsha256 ${digest}\n`);
    }
    return EXIT_OK;
  },
};
