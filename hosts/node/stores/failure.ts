import { type HostCode, type HostRefusal, refusal } from "../refusals.ts";

/** How the methods of a store reject, but for arguments that break its contract. */
export class StoreFailure extends Error {
  readonly code: HostCode;
  /** What to do about it. */
  readonly help: string;

  constructor(code: HostCode, detail: string, cause?: unknown) {
    const { message, help } = refusal(code, detail);
    super(message, cause === undefined ? undefined : { cause });
    this.name = "StoreFailure";
    this.code = code;
    this.help = help;
  }
}

/** @throws what is no StoreFailure: a programmer's error. */
export function asRefusal(error: unknown): HostRefusal {
  if (!(error instanceof StoreFailure)) throw error;
  return { ok: false, code: error.code, message: error.message, help: error.help };
}
