/** What an import of a module gives in workerd. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
