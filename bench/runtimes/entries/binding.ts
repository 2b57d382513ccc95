/** `deno run ENTRY FOLDER deno`, `bun ENTRY FOLDER bun`: the binding alone, whose core hashes its own records. */
import "../start.ts";
import { readFileSync } from "node:fs";
import { instantiate } from "../../../engine/binding/index.ts";
import { figuresOf } from "../figures.ts";

const [folder, runtime] = process.argv.slice(2) as [string, string];
const figures = await figuresOf({
  runtime,
  version: process.versions[runtime]!,
  read: (name) => new Uint8Array(readFileSync(`${folder}/${name}`)),
  open: (wasm) => instantiate(wasm),
});
console.log(JSON.stringify(figures));
