import { printListing } from "../../bundles/compile/listing.ts";
import { inspectEnvelope, sha256Hex } from "../../bundles/trust/index.ts";
import { type Command, JSON_OUTPUT } from "../command.ts";
import { EXIT_OK, refused } from "../errors.ts";
import { placeName, print, printJson } from "../io.ts";
import { decodeOrFail, readContainer } from "../policy.ts";
import { printable, printableJson, printableLines, styleFor } from "../style.ts";

/** What the envelope claims. No key is consulted here: `verify` does. */
function claims(path: string, bundle: Uint8Array, envelope: Uint8Array | null) {
  if (envelope === null) return null;
  const inspected = inspectEnvelope(bundle, envelope);
  if (!inspected.ok) throw refused(path, inspected.message, inspected.help);
  const { statement, keyIds } = inspected;
  return {
    verified: false,
    sequence: statement.sequence,
    abi: statement.abi,
    compiler: statement.compiler,
    keys: keyIds,
  };
}

export const inspect: Command = {
  name: "inspect",
  summary: "show what is in a bundle",
  description:
    "Shows the manifest, what the signatures claim, and the compiled program. It verifies nothing: `faramesh verify` does.",
  operands: [{ name: "FILE", minimum: 1, maximum: 1, help: "the bundle, or -" }],
  options: [JSON_OUTPUT],
  examples: [
    { command: "faramesh inspect policy.fplb", text: "read it" },
    {
      command: "faramesh inspect policy.fplb --json | jq .manifest.sources",
      text: "which sources it was built from",
    },
  ],
  exits: { ok: "the bundle was shown", findings: "it is malformed" },
  async run(invocation) {
    const path = invocation.operands[0]!;
    const { bundle, envelope } = readContainer(path);
    const ir = decodeOrFail(path, bundle);
    const signature = claims(path, bundle, envelope);
    const manifest: unknown = JSON.parse(ir.manifest);
    const listing = printListing(ir);
    const digest = sha256Hex(bundle);
    if (invocation.flag("json")) {
      await printJson({ file: path, bytes: bundle.length, digest, signature, manifest, listing });
      return EXIT_OK;
    }
    const style = styleFor(process.stdout);
    const title = (text: string) => `${style.bold(text)}\n`;
    await print(
      `${title("Bundle")}  ${placeName(path)}, ${bundle.length} bytes\n  sha256 ${digest}\n\n${title("Signatures (not verified here)")}`,
    );
    if (signature === null) await print("  none\n");
    else {
      const { compiler, keys } = signature;
      const lines = keys.map((key) => `  key ${key}\n`).join("");
      await print(
        `  sequence ${signature.sequence}, by ${printable(`${compiler.name} ${compiler.version}`)}, ABI ${signature.abi}\n${lines}`,
      );
    }
    const shown = printableJson(JSON.stringify(manifest, null, 2)).replaceAll("\n", "\n  ");
    // The listing ends in the manifest on one line, which stands above already.
    const program = printableLines(listing)
      .split("\nmanifest\n")[0]!
      .trimEnd()
      .replace(/^(?=.)/gm, "  ");
    await print(`\n${title("Manifest")}  ${shown}\n\n${title("Program")}${program}\n`);
    return EXIT_OK;
  },
};
