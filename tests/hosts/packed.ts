/** The package as it is published, in projects of its users. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { ROOT } from "../conformance/host.ts";

let packed: string | null = null;

/** The unpacked tarball, made once. */
function unpacked(): string {
  if (packed !== null) return packed;
  const folder = mkdtempSync(join(tmpdir(), "faramesh-packed-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const options = { cwd: ROOT, encoding: "utf8" } as const;
  execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder], options);
  const [tarball] = readdirSync(folder);
  execFileSync("tar", ["-xzf", tarball!], { cwd: folder });
  packed = join(folder, "package");
  return packed;
}

/** A project that has the package, and with `dependencies` what it depends on; else nothing else. */
export function projectOf(files: Record<string, Uint8Array | string>, dependencies: boolean): string {
  const folder = mkdtempSync(join(tmpdir(), "faramesh-project-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const modules = join(folder, "node_modules");
  mkdirSync(modules);
  cpSync(unpacked(), join(modules, "faramesh"), { recursive: true });
  const manifest = { type: "module", dependencies: { faramesh: "0.1.0" } };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  // Beside the package's own folder, as an installation lays them out.
  const installed = dependencies ? readdirSync(join(ROOT, "node_modules")) : [];
  for (const name of installed) {
    if (!name.startsWith(".") && name !== "faramesh")
      symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  }
  return folder;
}
