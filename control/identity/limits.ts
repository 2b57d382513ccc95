/** How old and how far off things may be. */
export interface TokenLimits {
  /** Between the clocks of issuer and host. */
  readonly skewMs: number;
  /** Longest time since a token was issued; null: until it expires. */
  readonly maxAgeMs: number | null;
  /** Keys of an issuer are fetched again after so long. */
  readonly freshMs: number;
  /** And used for so long where that fails. */
  readonly staleMs: number;
  /** Between two fetches, whatever asks for them. */
  readonly pauseMs: number;
}

const DEFAULT_LIMITS: TokenLimits = {
  skewMs: 30_000,
  maxAgeMs: null,
  freshMs: 600_000,
  staleMs: 3_600_000,
  pauseMs: 10_000,
};

/** @throws RangeError for what is no number of milliseconds. */
export function limitsOf(given: Partial<TokenLimits>): TokenLimits {
  const limits: TokenLimits = {
    skewMs: given.skewMs ?? DEFAULT_LIMITS.skewMs,
    maxAgeMs: given.maxAgeMs ?? DEFAULT_LIMITS.maxAgeMs,
    freshMs: given.freshMs ?? DEFAULT_LIMITS.freshMs,
    staleMs: given.staleMs ?? DEFAULT_LIMITS.staleMs,
    pauseMs: given.pauseMs ?? DEFAULT_LIMITS.pauseMs,
  };
  for (const [name, value] of Object.entries(limits)) {
    if (value === null) continue;
    if (!Number.isSafeInteger(value) || value < 0)
      throw new RangeError(`${name} must be whole milliseconds from 0 on`);
  }
  if (limits.staleMs < limits.freshMs) throw new RangeError("staleMs must be at least freshMs");
  return limits;
}
