import { readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { SourceFile } from "../fpl-grammar/program.ts";
import { CommandError, EXIT_MISUSE } from "./errors.ts";
import { cannotRead, placeName, readText } from "./io.ts";

/** Over this a source is refused before it is read. */
const MAX_SOURCE_BYTES = 16 * 1024 * 1024;

/** The sources of one policy: a file, a folder with all `*.fpl` in it, or standard input. */
export interface Sources {
  /** The path as given. */
  path: string;
  /** Folder that the names are relative to. */
  folder: string;
  /** Names relative to `folder`, ascending, so that a bundle does not depend on where the folder stands. */
  files: SourceFile[];
}

/** How a source's name is shown: as a path from where the user stands. */
export function displayName(sources: Pick<Sources, "path" | "folder">, name: string): string {
  return sources.path === "-" ? "-" : join(sources.folder, name).replaceAll("\\", "/");
}

/** Throws CommandError when there is nothing of that name. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw cannotRead(path, error);
  }
}

/** Throws CommandError when the path cannot be read, is not UTF-8, or holds no policy. */
export function readSources(path: string): Sources {
  if (path === "-")
    return { path, folder: ".", files: [{ name: "-", text: readText("-", MAX_SOURCE_BYTES) }] };
  if (!isFolder(path)) {
    const name = basename(path);
    return { path, folder: dirname(path), files: [{ name, text: readText(path, MAX_SOURCE_BYTES) }] };
  }
  const names = findFiles(path, ".fpl");
  if (names.length === 0) {
    throw new CommandError(EXIT_MISUSE, "there is no policy: no file ends in `.fpl`", {
      place: placeName(path),
      help: "`faramesh init` writes a starting policy",
    });
  }
  const files = names.map((name) => ({ name, text: readText(join(path, name), MAX_SOURCE_BYTES) }));
  return { path, folder: path, files };
}

/** All files below a folder with an ending, as relative paths with `/`, ascending by code unit. Hidden folders and node_modules are left out. */
export function findFiles(folder: string, ending: string): string[] {
  const found: string[] = [];
  const visit = (prefix: string): void => {
    let entries: import("node:fs").Dirent[];
    try {
      entries = readdirSync(join(folder, prefix), { withFileTypes: true });
    } catch (error) {
      throw cannotRead(join(folder, prefix), error);
    }
    for (const entry of entries) {
      const name = prefix + entry.name;
      if (entry.isDirectory()) {
        if (!entry.name.startsWith(".") && entry.name !== "node_modules") visit(`${name}/`);
      } else if (entry.name.endsWith(ending) && (entry.isFile() || isLinkedFile(join(folder, name)))) {
        found.push(name);
      }
    }
  };
  visit("");
  return found.sort((left, right) => (left < right ? -1 : 1));
}

function isLinkedFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
