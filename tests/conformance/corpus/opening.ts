/** Files opened by a host itself, whose codes its users meet. For any runtime. */
import type { TrustFile } from "../../../bundles/trust/index.ts";
import type { OpenLine } from "./lines.ts";
import type { Opened, Opening } from "./player.ts";

/** What hosts refuse with, in each its own type. */
export interface Refusal {
  readonly ok: false;
  readonly code: string;
  readonly coreCode?: string | null | undefined;
}

export type Verified =
  | { readonly insecure: true; readonly trust?: never }
  | { readonly trust: TrustFile; readonly nowMs: number; readonly insecure?: never };

export interface OpeningHost {
  /** The host's own reader of trust files. */
  parseTrustFile(file: Uint8Array): { readonly ok: true; readonly trust: TrustFile } | Refusal;
  /** Null: the host has no way to be asked this. */
  open(
    file: Uint8Array,
    verified: Verified,
    highest: OpenLine["highest"],
  ): Promise<{ readonly ok: true } | Refusal | null>;
}

const outcomeOf = (result: { readonly ok: true } | Refusal): Opened =>
  result.ok ? { code: "ok", coreCode: null } : { code: result.code, coreCode: result.coreCode ?? null };

/** For `Runtime.open`. */
export function openedBy(host: OpeningHost): (opening: Opening) => Promise<Opened | null> {
  return async ({ file, trust, nowMs, highest }) => {
    const parsed = trust === null ? null : host.parseTrustFile(new TextEncoder().encode(trust));
    if (parsed?.ok === false) return outcomeOf(parsed);
    const verified: Verified = parsed === null ? { insecure: true } : { trust: parsed.trust, nowMs };
    const result = await host.open(file, verified, highest);
    return result === null ? null : outcomeOf(result);
  };
}
