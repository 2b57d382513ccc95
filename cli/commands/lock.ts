import { existsSync } from "node:fs";
import { join } from "node:path";
import { sha256Hex, type TrustFile } from "../../bundles/trust/index.ts";
import type { Command } from "../command.ts";
import { EXIT_OK, refused } from "../errors.ts";
import { writeFile } from "../files.ts";
import { type Declared, findImport, LOCK_NAME, type Locked, printLock, walkImports } from "../imports.ts";
import { print, readBytes, readText } from "../io.ts";
import { TRUST } from "../options.ts";
import { readTrust } from "../policy.ts";
import { verifySource } from "../signing.ts";
import { displayName, readSources, type Sources } from "../sources.ts";
import { printable, table } from "../style.ts";

function pin(sources: Sources, declared: Declared, trust: TrustFile | null): Locked {
  const { path, version, span } = declared;
  const place = `${displayName(sources, span.file)}:${span.line}:${span.column}`;
  const file = findImport(sources.folder, path, version);
  if (file === null) {
    throw refused(
      place,
      `nothing to import for \`${path}@${version}\``,
      `expected \`${path}@${version}.fpl\`, \`${path}.fpl\` or \`${path}/policy.fpl\` in \`${sources.folder}\``,
    );
  }
  const bytes = readBytes(join(sources.folder, file));
  const signature = join(sources.folder, `${file}.sig`);
  if (!existsSync(signature)) return { path, version, file, sha256: sha256Hex(bytes), signer: null };
  if (trust === null)
    throw refused(
      signature,
      "there is a signature, and no trust file to verify it against",
      "name it with `--trust FILE`",
    );
  const verified = verifySource(bytes, readBytes(signature), trust);
  if (!verified.ok) throw refused(signature, verified.message, verified.help);
  return { path, version, file, sha256: sha256Hex(bytes), signer: verified.keys[0]! };
}

export const lock: Command = {
  name: "lock",
  summary: "pin the imports of a policy by digest",
  description: `Writes ${LOCK_NAME} beside the policy. An import "PATH@VERSION" stands for PATH@VERSION.fpl, PATH.fpl or PATH/policy.fpl in the
policy's folder; it must then have the digest written in the lock wherever the policy is compiled. Where FILE.sig stands beside
the file (made by \`faramesh sign FILE\`), it must verify against --trust, and the lock asks for that signer from then on.`,
  operands: [{ name: "PATH", minimum: 1, maximum: 1, help: "policy file or folder" }],
  options: [TRUST],
  examples: [
    { command: "faramesh lock policies/", text: "pin what the policies import" },
    { command: "faramesh lock policies/ --trust trust.json", text: "with signed imports" },
  ],
  exits: { ok: "the lock was written", findings: "an import was not found, or its signature refused" },
  async run(invocation) {
    const sources = readSources(invocation.operands[0]!);
    const trust = readTrust(invocation.value("trust"));
    const locked: Locked[] = [];
    walkImports(sources.files, (declared) => {
      const pinned = pin(sources, declared, trust);
      locked.push(pinned);
      return { name: pinned.file, text: readText(join(sources.folder, pinned.file)) };
    });
    const path = join(sources.folder, LOCK_NAME);
    await writeFile(path, printLock(locked));
    const rows = locked.map(({ path: name, version, sha256, signer }) => [
      `  ${printable(name)}@${version}`,
      sha256.slice(0, 16),
      printable(signer ?? "not signed"),
    ]);
    await print(
      `${path}: ${locked.length} import${locked.length === 1 ? "" : "s"}\n${table(rows, (text) => text)}`,
    );
    return EXIT_OK;
  },
};
