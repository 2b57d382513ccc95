/** Every diagnostic of the compiler, all of severity error. Closed and stable: a code is never given a second meaning. */
export const COMPILER_DIAGNOSTICS = {
  F900: "a construct is not enforced by this core yet",
  F901: "a pattern is not a regular expression",
  F902: "a pattern uses what is not regular: back-references or look-around",
  F903: "a pattern needs too many states",
  F904: "too many phases",
  F905: "too many selectors in one agent",
  F906: "too many rules",
  F908: "the directory after `under` is not absolute",
  F909: "a selector is not declared by the agent",
  F910: "a condition is nested too deep",
  F911: "the bundle is too large",
  F912: "a tool pattern cannot be compiled",
  F913: "a text, a field's path or the obligations are too long",
  F914: "an agent or a session would have to remember too much",
  F915: "two limits count the same",
  F916: "a delegation's scope asks for history",
  F917: "a limit, a cost, a window or the name of a phase, an agent or a delegation that no core could hold",
} as const;

export type CompilerCode = keyof typeof COMPILER_DIAGNOSTICS;
