/**
 * Compiles the launcher: `dist/<architecture>/faramesh-sandbox` for the machine's architecture and, where a compiler for it is there, for the other.
 * The same compiler gives the same bytes: no build id, no time, no path. `CC` names the machine's own compiler.
 * With `--optional` a machine without a compiler, or that is not Linux, is no failure: what needs the launcher says so when it is asked for.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const MAX_BYTES = 100_000;
const COMPILERS = {
  x64: ["x86_64-linux-gnu-gcc", "x86_64-linux-musl-gcc"],
  arm64: ["aarch64-linux-gnu-gcc", "aarch64-linux-musl-gcc"],
};
const FLAGS = [
  "-std=c11",
  "-Os",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-ffreestanding",
  "-fno-builtin",
  "-fno-stack-protector",
  "-fno-pie",
  "-fno-asynchronous-unwind-tables",
  "-fno-unwind-tables",
  "-fno-ident",
  "-fno-tree-loop-distribute-patterns",
  "-ffunction-sections",
  "-fdata-sections",
];
const LINK = [
  "-nostdlib",
  "-static",
  "-no-pie",
  "-s",
  "-Wl,--gc-sections",
  "-Wl,--build-id=none",
  "-Wl,-z,noexecstack",
];

/** The first compiler that answers, or null. */
function compiler(names) {
  for (const name of names) {
    const answer = spawnSync(name, ["--version"], { stdio: "ignore" });
    if (answer.status === 0) return name;
  }
  return null;
}

/** Compiles for one architecture; its size in bytes. Throws with the compiler's messages. */
function compile(cc, architecture) {
  const folder = join(HERE, "dist", architecture);
  const sources = readdirSync(join(HERE, "src"))
    .filter((name) => name.endsWith(".c"))
    .sort()
    .map((name) => join("src", name));
  const made = join(folder, `faramesh-sandbox.${process.pid}.tmp`);
  // Nothing older is left when this fails.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const only = cc.includes("clang")
    ? ["-Wno-unknown-warning-option", "-Wno-ignored-optimization-argument"]
    : [];
  const flags = [
    ...FLAGS.filter((flag) => only.length === 0 || !flag.includes("tree-loop")),
    ...only,
    ...LINK,
  ];
  const result = spawnSync(cc, [...flags, "-I", "src", ...sources, "-o", made], {
    cwd: HERE,
    encoding: "utf8",
    env: { ...process.env, SOURCE_DATE_EPOCH: "0", LC_ALL: "C" },
  });
  if (result.status !== 0) throw new Error(`${cc} failed:\n${result.stderr}`);
  renameSync(made, join(folder, "faramesh-sandbox"));
  return statSync(join(folder, "faramesh-sandbox")).size;
}

function main() {
  const optional = process.argv.includes("--optional");
  if (process.platform !== "linux") {
    console.log("sandbox-native: the launcher is for Linux; not built here");
    return 0;
  }
  const own = compiler(process.env.CC ? [process.env.CC] : ["cc", "gcc", "clang"]);
  if (own === null) {
    console.error(
      "sandbox-native: no C compiler (cc, gcc, clang, or what CC names); install one to build the launcher",
    );
    return optional ? 0 : 1;
  }
  for (const [architecture, names] of Object.entries(COMPILERS)) {
    const cc = architecture === process.arch ? own : compiler(names);
    if (cc === null) continue;
    const bytes = compile(cc, architecture);
    console.log(`sandbox-native/dist/${architecture}/faramesh-sandbox: ${bytes} bytes`);
    if (bytes > MAX_BYTES) throw new Error(`the launcher for ${architecture} is over ${MAX_BYTES} bytes`);
  }
  return 0;
}

try {
  process.exitCode = main();
} catch (error) {
  console.error(`sandbox-native/build.mjs: ${error.message}`);
  process.exitCode = process.argv.includes("--optional") ? 0 : 1;
}
