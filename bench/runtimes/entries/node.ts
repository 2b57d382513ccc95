/** `node ENTRY FOLDER`: the core as the library for Node opens it, whose records are hashed by Node. */
import "../start.ts";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { coreFrom } from "../../../engine/binding/index.ts";
import { sha256 } from "../../../hosts/node/core.ts";
import { figuresOf } from "../figures.ts";

const folder = process.argv[2]!;
const figures = await figuresOf({
  runtime: "node",
  version: process.versions.node,
  read: (name) => new Uint8Array(readFileSync(`${folder}/${name}`)),
  open: (wasm) => coreFrom(async () => wasm, sha256)(),
  sha256Hex: (bytes) => createHash("sha256").update(bytes).digest("hex"),
});
console.log(JSON.stringify(figures));
