import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { generateKey, KEY_NAME, printPrivateKey, printPublicKey } from "../../bundles/trust/index.ts";
import { type Command, JSON_OUTPUT } from "../command.ts";
import { EXIT_OK, misuse } from "../errors.ts";
import { createFile, makeFolder } from "../files.ts";
import { print, printJson } from "../io.ts";

const PRIVATE_MODE = 0o600;

export const keygen: Command = {
  name: "keygen",
  summary: "make a signing key",
  description:
    "Writes NAME.key, which stays secret and readable by you alone, and NAME.pub, which goes into trust files.",
  operands: [
    { name: "NAME", minimum: 1, maximum: 1, help: "name of the key, 1 to 64 of A-Z a-z 0-9 . _ @ -" },
  ],
  options: [
    {
      name: "output",
      short: "o",
      value: "DIR",
      help: "folder to write to, made if need be (the current one)",
    },
    JSON_OUTPUT,
  ],
  examples: [
    { command: "faramesh keygen release -o keys", text: "writes keys/release.key and keys/release.pub" },
  ],
  exits: { ok: "both files were written", findings: null },
  async run(invocation) {
    const name = invocation.operands[0]!;
    if (!KEY_NAME.test(name) || name === "." || name === "..") {
      throw misuse(`\`${name}\` cannot name a key`, "use 1 to 64 of A-Z a-z 0-9 . _ @ -");
    }
    const folder = invocation.value("output") ?? ".";
    await makeFolder(folder);
    const key = generateKey(randomBytes(32), name);
    const [privatePath, publicPath] = [join(folder, `${name}.key`), join(folder, `${name}.pub`)];
    await createFile(privatePath, printPrivateKey(key), PRIVATE_MODE);
    await createFile(publicPath, printPublicKey(key));
    if (invocation.flag("json"))
      await printJson({ id: key.id, name, private: privatePath, public: publicPath });
    else await print(`${privatePath}  keep it secret\n${publicPath}  for trust files\nkey ${key.id}\n`);
    return EXIT_OK;
  },
};
