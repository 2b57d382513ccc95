import { type HostCode, type HostRefusal, refusal } from "../refusals.ts";

/** How the methods of `RecordLog` reject. */
export class LogFailure extends Error {
  readonly code: HostCode;
  /** What to do about it. */
  readonly help: string;

  constructor(code: HostCode, detail: string, help?: string) {
    const { message, help: text } = refusal(code, detail, help);
    super(message);
    this.name = "LogFailure";
    this.code = code;
    this.help = text;
  }
}

export function asRefusal({ code, message, help }: LogFailure): HostRefusal {
  return { ok: false, code, message, help };
}
