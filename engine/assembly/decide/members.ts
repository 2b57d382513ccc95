/** Fields of a JSON object with a closed list of names. `null` counts as absent. */
import { compareKeys } from "../json/order";
import {
  firstOf,
  KIND_FALSE,
  KIND_LIST,
  KIND_NULL,
  KIND_STRING,
  KIND_TRUE,
  kindOf,
  nextOf,
} from "../json/tape";

/** Whether the node is none, or JSON null. */
export function isNull(node: usize): bool {
  return node == 0 || kindOf(node) == KIND_NULL;
}

/** The node, or 0 for JSON null. */
export function orAbsent(node: usize): usize {
  return kindOf(node) == KIND_NULL ? 0 : node;
}

/** Whether the field is absent or of the kind. */
export function isAbsentOr(node: usize, kind: u32): bool {
  return node == 0 || kindOf(node) == kind;
}

export function isAbsentOrBoolean(node: usize): bool {
  return node == 0 || kindOf(node) == KIND_FALSE || kindOf(node) == KIND_TRUE;
}

export function isAbsentOrStrings(node: usize): bool {
  if (node == 0) return true;
  if (kindOf(node) != KIND_LIST) return false;
  const end = nextOf(node);
  for (let element = firstOf(node); element < end; element = nextOf(element)) {
    if (kindOf(element) != KIND_STRING) return false;
  }
  return true;
}

/** The first of two key nodes in canonical order; `first` may be 0. So the verdict does not depend on the source's order. */
export function earlier(first: usize, key: usize): usize {
  return first == 0 || compareKeys(key, first) < 0 ? key : first;
}
