/**
 * What the binding uses of `@assemblyscript/loader`, which the built module has this in place of. The core imports nothing, so
 * that the web's own instantiation is all of it; it saves 2 KB of what a page loads.
 */
interface Instantiation {
  readonly module: WebAssembly.Module;
  readonly exports: unknown;
}

const { Instance } = WebAssembly as unknown as {
  Instance: new (module: WebAssembly.Module) => { readonly exports: unknown };
};

export function instantiateSync(module: WebAssembly.Module): Instantiation {
  return { module, exports: new Instance(module).exports };
}

export async function instantiate(bytes: Uint8Array<ArrayBuffer>): Promise<Instantiation> {
  return instantiateSync(await WebAssembly.compile(bytes));
}
