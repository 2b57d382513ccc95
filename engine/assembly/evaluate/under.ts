/** Path containment by text alone: empty, `.` and `..` segments are resolved as if no link existed. */
import { FALSE, TRUE, WRONG_TYPE } from "../../constants";
import { equal } from "../json/bytes";
import { WORK } from "../memory";

const SLASH: u32 = 0x2f;
const DOT: u32 = 0x2e;

/** Whether the path is the directory or lies under it. The directory is absolute and normalised (`load` looks). */
export function under(path: usize, length: u32, directory: usize, directoryLength: u32): u32 {
  if (length == 0 || load<u8>(path) != SLASH) return WRONG_TYPE;
  const normal = normalize(path, length);
  if (normal == 0) return WRONG_TYPE;
  if (directoryLength == 1) return TRUE;
  const normalLength = <u32>(normal - WORK);
  if (normalLength < directoryLength || !equal(WORK, directory, directoryLength)) return FALSE;
  return normalLength == directoryLength || load<u8>(WORK + directoryLength) == SLASH ? TRUE : FALSE;
}

/** Writes `/a/b` for each segment that stays to WORK, nothing for the root; the address behind it, or 0 for a NUL byte. */
function normalize(path: usize, length: u32): usize {
  const end = path + length;
  let out = WORK;
  while (path < end) {
    // At a slash.
    const start = path++;
    while (path < end && load<u8>(path) != SLASH) {
      if (load<u8>(path) == 0) return 0;
      path++;
    }
    const segment = path - start - 1;
    if (segment == 0 || (segment == 1 && load<u8>(start, 1) == DOT)) continue;
    if (segment == 2 && load<u8>(start, 1) == DOT && load<u8>(start, 2) == DOT) {
      while (out > WORK && load<u8>(--out) != SLASH) {}
      continue;
    }
    memory.copy(out, start, segment + 1);
    out += segment + 1;
  }
  return out;
}
