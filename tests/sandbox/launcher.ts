/** The launcher, built from this tree's sources. */
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "../docs/pages.ts";

const NATIVE = join(ROOT, "sandbox-native");
const PROGRAM = join(NATIVE, `dist/${process.arch}/faramesh-sandbox`);

let usable: string | null | undefined;

/** Whether every user may enter each folder on the way. */
function reachable(path: string): boolean {
  const parent = dirname(path);
  if ((statSync(parent).mode & 0o001) === 0) return false;
  return parent === path || parent === "/" || reachable(parent);
}

/** Where every user can run it: a copy when the project's folder is not open to all; null when it does not build here. */
export function buildLauncher(): string | null {
  if (usable !== undefined) return usable;
  usable = null;
  const sources = readdirSync(join(NATIVE, "src")).map((name) => join(NATIVE, "src", name));
  const newest = Math.max(...sources.map((path) => statSync(path).mtimeMs));
  if (!existsSync(PROGRAM) || statSync(PROGRAM).mtimeMs < newest)
    execFileSync(process.execPath, [join(NATIVE, "build.mjs")], { stdio: ["ignore", "ignore", "inherit"] });
  if (!existsSync(PROGRAM)) return usable;
  if (reachable(PROGRAM)) {
    usable = PROGRAM;
    return usable;
  }
  const folder = mkdtempSync("/var/tmp/faramesh-launcher-");
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  usable = join(folder, "faramesh-sandbox");
  copyFileSync(PROGRAM, usable);
  chmodSync(usable, 0o755);
  return usable;
}
