/** Tool patterns (LANGUAGE section 3) to the forms that dispatch knows: every tool, one name, or a glob over bytes. */

/** In a glob's tokens: any run of bytes without `/`, and any run at all. Other tokens are bytes. */
export const SEGMENT_STAR = -1;
export const ANY_STAR = -2;

export type Form =
  | { kind: "any" }
  | { kind: "exact"; name: string }
  /** `key` is equal for equal tokens, and no tool name. */
  | { kind: "glob"; tokens: number[]; key: string };

/** Each `**` doubles the forms. */
export const MAX_DOUBLE_STARS = 4;

const SEGMENT = /^[A-Za-z0-9._:@+*-]+$/;

/** The union of the forms is the pattern; no two are equal. */
export function parseToolPattern(text: string): Form[] | { error: string; help: string } {
  const segments = text.split("/");
  for (const segment of segments) {
    if (!SEGMENT.test(segment)) {
      return {
        error: `\`${text}\` is not a tool pattern`,
        help: "segments of letters, digits, `._:@+-` and `*`, joined by `/`",
      };
    }
    if (/^\*{3,}$/.test(segment)) {
      return { error: `\`${segment}\` is not a segment of a tool pattern`, help: "write `*` or `**`" };
    }
  }
  if (segments.every((segment) => segment === "**") || text === "*") return [{ kind: "any" }];
  const doubles = segments.filter((segment) => segment === "**").length;
  if (doubles > MAX_DOUBLE_STARS) {
    return {
      error: `\`${text}\` has ${doubles} segments \`**\`, the limit is ${MAX_DOUBLE_STARS}`,
      help: "use fewer: one `**` covers any number of segments",
    };
  }
  const forms = new Map<string, Form>();
  for (let choice = 0; choice < 1 << doubles; choice++) {
    const form = formOf(segments, choice);
    forms.set(form.kind === "exact" ? form.name : form.kind === "glob" ? form.key : "*", form);
  }
  const any = forms.get("*");
  return any !== undefined ? [any] : [...forms.values()];
}

/** Bit i of `choice` set: the i-th `**` stands for one or more segments, else for none. */
function formOf(segments: readonly string[], choice: number): Form {
  const parts: number[][] = [];
  let double = 0;
  for (const [position, segment] of segments.entries()) {
    if (segment === "**") {
      if ((choice >>> double++) & 1) parts.push([ANY_STAR]);
    } else if (segment === "*") {
      parts.push([position === segments.length - 1 ? ANY_STAR : SEGMENT_STAR]);
    } else {
      parts.push(
        Array.from(segment.replace(/\*+/g, "*"), (char) =>
          char === "*" ? SEGMENT_STAR : char.charCodeAt(0),
        ),
      );
    }
  }
  const tokens = parts.flatMap((part, position) => (position === 0 ? part : [0x2f, ...part]));
  if (tokens.length === 1 && tokens[0] === ANY_STAR) return { kind: "any" };
  if (tokens.every((token) => token >= 0)) {
    return { kind: "exact", name: tokens.map((token) => String.fromCharCode(token)).join("") };
  }
  return { kind: "glob", tokens, key: `*${tokens.join(",")}` };
}
