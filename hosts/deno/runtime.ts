/** The part of Deno that this host uses. Its own declarations are not there for a compiler of another runtime. */
interface File {
  write(bytes: Uint8Array): Promise<number>;
  sync(): Promise<void>;
  close(): void;
}

interface Runtime {
  readonly build: { readonly os: string };
  readonly errors: { readonly NotFound: new () => Error };
  readFile(path: string | URL): Promise<Uint8Array<ArrayBuffer>>;
  stat(path: string | URL): Promise<{ size: number; mtime: Date | null; ino: number | null }>;
  open(path: string, options: { read?: boolean; write?: boolean; createNew?: boolean }): Promise<File>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  unrefTimer(timer: unknown): void;
}

export const { Deno } = globalThis as unknown as { Deno: Runtime };
