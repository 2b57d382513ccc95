/** In a page: the binding alone. The figures are the promise `figures` of the window; who opened it knows the version. */
import "../start.ts";
import { instantiate } from "../../../engine/binding/index.ts";
import { type Figures, figuresOf } from "../figures.ts";

(globalThis as { figures?: Promise<Figures> }).figures = figuresOf({
  runtime: "browser",
  version: "",
  read: async (name) => new Uint8Array(await (await fetch(name)).arrayBuffer()),
  open: (wasm) => instantiate(wasm),
});
