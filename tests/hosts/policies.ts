import { compile } from "../../bundles/compile/compile.ts";
import { encodeContainer } from "../../bundles/container.ts";
import { generateKey, type PrivateKey, sign, type TrustFile } from "../../bundles/trust/index.ts";
import { check } from "../../fpl-grammar/index.ts";

export const START_MS = Date.UTC(2027, 0, 1);
export const NOW_MS = Date.UTC(2027, 5, 1);
export const END_MS = Date.UTC(2028, 0, 1);

export function keyOf(number: number): PrivateKey {
  return generateKey(new Uint8Array(32).fill(number), `key-${number}`);
}

export function trustIn(...keys: PrivateKey[]): TrustFile {
  return {
    threshold: 1,
    keys: keys.map(({ name, publicKey }) => ({ name, publicKey, notBeforeMs: START_MS, notAfterMs: END_MS })),
    minimumSequence: 0,
  };
}

export function bundleOf(text: string): Uint8Array {
  const { program, diagnostics } = check([{ name: "policy.fpl", text }]);
  const compiled = program === null ? null : compile(program);
  if (compiled === null || compiled.bundle === null) {
    throw new Error(JSON.stringify(compiled === null ? diagnostics : compiled.diagnostics));
  }
  return compiled.bundle;
}

/** A policy under which a refund up to `limit` is permitted. */
export function refundPolicy(limit: number): string {
  return `agent "shop" {
  rules {
    permit orders/get
    permit stripe/refund when amount > $0 and amount <= $${limit}
    defer stripe/refund reason "a larger refund needs a person"
    deny! shell/* reason "no shell"
  }
}
`;
}

export function fileOf(text: string, sequence: number, ...keys: PrivateKey[]): Uint8Array {
  const bundle = bundleOf(text);
  if (keys.length === 0) return encodeContainer({ bundle, envelope: null });
  const signed = sign(bundle, {
    keys,
    sequence,
    sources: [],
    compiler: { name: "faramesh", version: "0.1.0" },
  });
  if (!signed.ok) throw new Error(signed.message);
  return encodeContainer({ bundle, envelope: signed.envelope });
}
