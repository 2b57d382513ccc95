import { basename } from "node:path";
import { encodeContainer } from "../../bundles/container.ts";
import { addSignature, type PrivateKey, type Source } from "../../bundles/trust/index.ts";
import type { Command } from "../command.ts";
import { EXIT_OK, misuse, refused } from "../errors.ts";
import { writeFile } from "../files.ts";
import { print, readBytes } from "../io.ts";
import { KEY, SEQUENCE } from "../options.ts";
import { decodeOrFail, readContainer } from "../policy.ts";
import { readPrivateKeys, readSequence, signBundle, signSource } from "../signing.ts";

function addAll(path: string, bundle: Uint8Array, envelope: Uint8Array, keys: PrivateKey[]): Uint8Array {
  return keys.reduce((before, key) => {
    const result = addSignature(bundle, before, key);
    if (!result.ok) throw refused(path, result.message, result.help);
    return result.envelope;
  }, envelope);
}

async function signFile(path: string, keys: PrivateKey[], sequence: number | null): Promise<string> {
  if (path.endsWith(".fpl") || path.endsWith(".pins")) {
    await writeFile(`${path}.sig`, signSource(path, readBytes(path), keys, sequence ?? 0, basename(path)));
    return `${path}.sig`;
  }
  const { bundle, envelope } = readContainer(path);
  if (envelope !== null && sequence !== null) {
    throw misuse(
      "the bundle is signed already, and its sequence number with it",
      "leave `--sequence` away, or build it again",
    );
  }
  const { sources } = JSON.parse(decodeOrFail(path, bundle).manifest) as { sources: Source[] };
  const next =
    envelope === null
      ? signBundle(path, bundle, keys, sequence ?? 1, sources)
      : addAll(path, bundle, envelope, keys);
  await writeFile(path, encodeContainer({ bundle, envelope: next }));
  return path;
}

export const sign: Command = {
  name: "sign",
  summary: "sign a bundle",
  description:
    "Adds signatures to a bundle, in place; a bundle that is signed already keeps its sequence number.\nA policy source (FILE.fpl) gets its signature beside it, in FILE.fpl.sig, for those who import it;\npinned measurements (FILE.pins) get it in FILE.pins.sig.",
  operands: [{ name: "FILE", minimum: 1, maximum: 1, help: "bundle, policy source to be imported, or pins" }],
  options: [
    { ...KEY, required: true },
    { ...SEQUENCE, help: "sequence number for an unsigned bundle (1)" },
  ],
  examples: [
    { command: "faramesh sign policy.fplb --key keys/second.key", text: "a second person signs" },
    {
      command: "faramesh sign shared/payments.fpl --key keys/release.key",
      text: "sign a policy that others import",
    },
  ],
  exits: { ok: "the signature was written", findings: "the file or a key was refused" },
  async run(invocation) {
    const keyPaths = invocation.values("key");
    if (keyPaths.length === 0) throw misuse("`--key KEY` is missing", "`faramesh keygen` makes a key");
    const keys = readPrivateKeys(keyPaths);
    const path = invocation.operands[0]!;
    const written = await signFile(path, keys, readSequence(invocation.value("sequence")));
    await print(`${written}: signed by ${keys.map(({ name }) => name).join(", ")}\n`);
    return EXIT_OK;
  },
};
