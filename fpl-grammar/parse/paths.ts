/** Argument paths inside texts: `a.b`, `list[0].name`, `["odd key"].x`. */

const STEP = /\.?([^.[\]"]+)|\[([0-9]{1,9})\]|\["([^"]+)"\]/y;

/** The steps, or null if the text is not a path. */
export function parseArgumentPath(text: string): (string | number)[] | null {
  const steps: (string | number)[] = [];
  STEP.lastIndex = 0;
  let at = 0;
  while (at < text.length) {
    const match = STEP.exec(text);
    if (match === null) return null;
    const [whole, plain, index, quoted] = match;
    // A dot separates; it neither begins nor is left out between two plain steps.
    if (plain !== undefined && whole.startsWith(".") !== steps.length > 0) return null;
    steps.push(plain ?? (index === undefined ? quoted! : Number(index)));
    at = STEP.lastIndex;
  }
  return steps.length === 0 || typeof steps[0] === "number" ? null : steps;
}
