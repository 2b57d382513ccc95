/** Kleene's logic with two reasons for not knowing (LANGUAGE section 4, engine/ABI.md). */
export type Truth = "false" | "missing" | "wrong type" | "true";

export const truth = (value: boolean): Truth => (value ? "true" : "false");

export function not(value: Truth): Truth {
  if (value === "true") return "false";
  if (value === "false") return "true";
  return value;
}

/** The first of the order that is among the values. */
const firstOf = (order: Truth[], values: Truth[]): Truth | undefined =>
  order.find((one) => values.includes(one));

export const or = (values: Truth[]): Truth => firstOf(["true", "wrong type", "missing"], values) ?? "false";

export const and = (values: Truth[]): Truth => firstOf(["false", "wrong type", "missing"], values) ?? "true";
