import { reference } from "../reference/reference.ts";
import type { Implementation } from "./implementation.ts";

export const REFERENCE: Implementation = {
  name: "reference",
  load({ program, digest }, context) {
    const recordContext = { ...context, bundleDigest: digest };
    return { decide: (action, facts) => reference(program, recordContext, action, facts) };
  },
};
