/** The part of the web's WebAssembly that the binding and its callers use; the compiler's ECMAScript libraries leave it out. */
declare namespace WebAssembly {
  class Module {
    constructor(wasm: ArrayBufferView<ArrayBuffer> | ArrayBuffer);
  }
  interface Memory {
    readonly buffer: ArrayBuffer;
  }
  function compile(wasm: ArrayBufferView<ArrayBuffer> | ArrayBuffer): Promise<Module>;
}
