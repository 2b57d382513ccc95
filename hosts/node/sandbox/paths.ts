/** Paths of policies and profiles: absolute and normal, as sandbox-native/PROFILE.md asks. */
import { isAbsolute, normalize, resolve } from "node:path/posix";

/** Where the operator is; both absolute, and no link in either. */
export interface Place {
  readonly home: string;
  readonly directory: string;
}

/** `/a`, `~/a` or `./a` as an absolute path. */
export function expanded(path: string, { home, directory }: Place): string {
  if (path === "~" || path.startsWith("~/")) return joined(home, path.slice(2));
  if (path === "." || path.startsWith("./")) return joined(directory, path.slice(2));
  if (isAbsolute(path)) return trimmed(normalize(path));
  throw new RangeError(`\`${path}\` begins neither with \`/\`, \`~/\` nor \`./\``);
}

export function joined(folder: string, name: string): string {
  return trimmed(resolve(folder, name));
}

function trimmed(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

/** Whether `path` is `folder` or lies in it. */
export function isWithin(path: string, folder: string): boolean {
  return folder === "/" || path === folder || path.startsWith(`${folder}/`);
}

/** The folders on the way from `folder` to `path`, and `path`; empty when it lies elsewhere or is the folder. */
export function between(folder: string, path: string): string[] {
  if (path === folder || !isWithin(path, folder)) return [];
  const base = folder === "/" ? "" : folder;
  const names = path.slice(base.length + 1).split("/");
  return names.map((_, index) => `${base}/${names.slice(0, index + 1).join("/")}`);
}
