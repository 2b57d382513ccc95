/** The launcher, built from this tree's sources. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ROOT as root } from "../docs/pages.ts";

const SOURCES = join(root, "sandbox-native/src");
const PROGRAM = join(root, "node_modules/.cache/faramesh/launcher");
const FLAGS =
  "-std=c11 -Os -Wall -Wextra -Werror -ffreestanding -fno-builtin -fno-stack-protector -nostdlib -static -fno-pie -no-pie -fno-asynchronous-unwind-tables";

let built: string | null | undefined;

/** Its path, where every user can run it; null when it does not build here. */
export function buildLauncher(): string | null {
  if (built !== undefined) return built;
  built = null;
  if (!existsSync(join(SOURCES, "main.c"))) return built;
  const sources = readdirSync(SOURCES).map((name) => join(SOURCES, name));
  const newest = Math.max(...sources.map((path) => statSync(path).mtimeMs));
  if (!existsSync(PROGRAM) || statSync(PROGRAM).mtimeMs < newest) {
    mkdirSync(join(PROGRAM, ".."), { recursive: true });
    const own = `${PROGRAM}.${process.pid}`;
    const inputs = sources.filter((path) => path.endsWith(".c"));
    execFileSync("gcc", [...FLAGS.split(" "), "-I", SOURCES, ...inputs, "-o", own]);
    execFileSync("mv", [own, PROGRAM]);
  }
  built = PROGRAM;
  return built;
}
