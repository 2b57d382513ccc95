/** `node ENTRY FOLDER COMPONENT`: the component as JavaScript of jco, from the folder that `npm run component` makes. */
import "../start.ts";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { openComponent } from "../../../hosts/component/node.ts";
import { figuresOf } from "../figures.ts";

const [folder, component] = process.argv.slice(2) as [string, string];
const figures = await figuresOf({
  runtime: "component, jco",
  version: `node ${process.versions.node}`,
  read: (name) => new Uint8Array(readFileSync(`${folder}/${name}`)),
  open: () => openComponent(component),
  sha256Hex: (bytes) => createHash("sha256").update(bytes).digest("hex"),
});
console.log(JSON.stringify(figures));
