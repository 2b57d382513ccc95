/** The launcher, built from this tree's sources. */
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../docs/pages.ts";

const NATIVE = join(ROOT, "sandbox-native");
const PROGRAM = join(NATIVE, `dist/${process.arch}/faramesh-sandbox`);

let usable: string | null | undefined;

/** A copy of it that every user can run, whoever may enter the project's folder; null when it does not build here. */
export function buildLauncher(): string | null {
  if (usable !== undefined) return usable;
  usable = null;
  const sources = readdirSync(join(NATIVE, "src")).map((name) => join(NATIVE, "src", name));
  const newest = Math.max(...sources.map((path) => statSync(path).mtimeMs));
  if (!existsSync(PROGRAM) || statSync(PROGRAM).mtimeMs < newest)
    execFileSync(process.execPath, [join(NATIVE, "build.mjs")], { stdio: ["ignore", "ignore", "inherit"] });
  if (!existsSync(PROGRAM)) return usable;
  const folder = mkdtempSync("/var/tmp/faramesh-launcher-");
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  usable = join(folder, "faramesh-sandbox");
  copyFileSync(PROGRAM, usable);
  chmodSync(usable, 0o755);
  return usable;
}
