/** The segments of an absolute path with `.`, `..` and empty segments resolved; null when it is not absolute or holds NUL. */
export function pathSegments(path: string): string[] | null {
  if (!path.startsWith("/") || path.includes("\0")) return null;
  const result: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") result.pop();
    else if (segment !== "" && segment !== ".") result.push(segment);
  }
  return result;
}

/** Whether the path is the directory or lies under it; null when the path is not one that can be judged. */
export function isUnder(path: string, directory: string): boolean | null {
  const inner = pathSegments(path);
  const outer = pathSegments(directory);
  if (inner === null || outer === null) return null;
  return outer.every((segment, index) => inner[index] === segment);
}
