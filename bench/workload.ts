/** The workload all engines share: N tools, one rule each, one condition `amount <= limit`. */

export interface Request {
  tool: string;
  amount: number;
  /** The action as JSON text, 300 bytes. */
  text: string;
  /** The same action as an object in hand, as peers take it. */
  action: { agent: string; tool: string; args: { amount: number; currency: string; memo: string } };
  permitted: boolean;
}

export interface Workload {
  rules: number;
  /** limit[i] belongs to toolName(i). */
  limits: number[];
  policy: string;
  requests: Request[];
}

export const REQUEST_BYTES = 300;
const REQUESTS = 512;
const LCG = { multiplier: 1103515245, increment: 12345, modulus: 2 ** 31 };

export function toolName(index: number): string {
  return `service${index}/transfer`;
}

/** The same requests for the same number of rules, on every machine: a linear congruential sequence, no clock, no randomness. */
export function makeWorkload(rules: number): Workload {
  let seed = 42;
  const next = (bound: number): number => {
    seed = (seed * LCG.multiplier + LCG.increment) % LCG.modulus;
    return Math.floor((seed / LCG.modulus) * bound);
  };
  const limits = Array.from({ length: rules }, (_, index) => 100 + (index % 900));
  const lines = limits.map((limit, index) => `  permit ${toolName(index)} when amount <= ${limit}`);
  const requests = Array.from({ length: REQUESTS }, () => {
    const index = next(rules);
    const limit = limits[index]!;
    const amount = Math.max(1, limit - 50 + next(101));
    return makeRequest(toolName(index), amount, amount <= limit);
  });
  return {
    rules,
    limits,
    policy: `agent "bench" {\n  default deny\n  rules {\n  ${lines.join("\n  ")}\n  }\n}\n`,
    requests,
  };
}

function makeRequest(tool: string, amount: number, permitted: boolean): Request {
  const action = { agent: "bench", tool, args: { amount, currency: "EUR", memo: "" } };
  const memo = "invoice 2026-11, thank you for your order. ".repeat(8);
  action.args.memo = memo.slice(0, REQUEST_BYTES - JSON.stringify(action).length);
  return { tool, amount, text: JSON.stringify(action), action, permitted };
}
