/** The modules that workerd.ts hands to the worker. */
declare module "core.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
declare module "policy.fplb" {
  const file: ArrayBuffer;
  export default file;
}
declare module "trust.json" {
  const text: ArrayBuffer;
  export default text;
}
declare module "actions.jsonl" {
  const lines: ArrayBuffer;
  export default lines;
}
