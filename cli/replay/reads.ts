/** Whether a policy looks at the values of some arguments: where it does not, what stands in their place decides nothing. */
import type { Ir } from "../../bundles/format/ir.ts";
import { OPERAND_LENGTH, OPERAND_PATH, ROOT_ARGS, ROOT_FACET, STEP_INDEX } from "../../engine/constants.ts";

type Step = string | number;

/** Paths of arguments that conditions, meters and costs read; an argument that a schema declares is read too. */
export class ReadArguments {
  readonly #paths: Step[][];

  constructor(ir: Ir) {
    const ids = new Set<number>();
    for (const { leftKind, left, rightKind, right } of ir.code) {
      if (leftKind === OPERAND_PATH || leftKind === OPERAND_LENGTH) ids.add(left);
      if (rightKind === OPERAND_PATH || rightKind === OPERAND_LENGTH) ids.add(right);
    }
    for (const { path } of [...ir.meters, ...ir.costs]) if (path !== null) ids.add(path);
    this.#paths = [...ids]
      .map((id) => ir.paths[id]!)
      .filter(({ root }) => root === ROOT_ARGS || root === ROOT_FACET)
      .map(({ steps }) => steps.map((step) => (step >= STEP_INDEX ? step - STEP_INDEX : ir.strings[step]!)));
    this.#paths.push(...ir.arguments.map(({ name }) => [ir.strings[name]!]));
  }

  /** Whether one of the paths, or a part of what they lead to, is read. */
  any(paths: readonly (readonly Step[])[]): boolean {
    return paths.some((path) => this.#paths.some((read) => overlaps(read, path)));
  }
}

function overlaps(left: readonly Step[], right: readonly Step[]): boolean {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) if (left[index] !== right[index]) return false;
  return true;
}
