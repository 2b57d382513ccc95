/** Seeds that once found something; run first, always. */
export const REGRESSIONS: readonly { readonly seed: number; readonly found: string }[] = [];
