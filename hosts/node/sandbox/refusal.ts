/** Why nothing was started. `help` says what to do. */
export interface SandboxRefusal {
  readonly ok: false;
  readonly message: string;
  readonly help: string;
}

export function sandboxRefusal(message: string, help: string): SandboxRefusal {
  return { ok: false, message, help };
}
