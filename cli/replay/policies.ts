/** The policies that the records of a log name by the digest of their bundle. */
import { sha256Hex } from "../../bundles/trust/index.ts";
import { type Core, openCore } from "../core.ts";
import { CommandError, EXIT_MISUSE, refused } from "../errors.ts";
import { loadBundleBytes } from "../policy.ts";

/** Cores are opened before the log is read, since records are decided without waiting: one signed, one unsigned for each bundle. */
export class ReplayPolicies {
  readonly #cores = new Map<string, Core>();
  readonly #names = new Map<string, string>();

  /** Throws CommandError for a path that is no policy, and for a bundle that the core refuses. */
  async add(path: string): Promise<void> {
    const bundle = loadBundleBytes(path);
    const digest = sha256Hex(bundle);
    this.#names.set(digest, path);
    for (const signed of [true, false]) {
      const core = await openCore();
      const loaded = core.load(bundle, { signed });
      if (!loaded.ok) throw refused(path, `the core refuses the bundle: ${loaded.message} (${loaded.code})`);
      this.#cores.set(`${digest} ${signed}`, core);
    }
  }

  coreOf(digest: string, signed: boolean): Core {
    const core = this.#cores.get(`${digest} ${signed}`);
    if (core !== undefined) return core;
    const given = [...this.#names].map(([known, name]) => `${name} is ${known.slice(0, 16)}…`).join(", ");
    throw new CommandError(
      EXIT_MISUSE,
      `the log names bundle ${digest}, which is not among the policies given`,
      {
        help: `${given}; give the bundle too, or \`--bundle FILE\` to see what another policy would have said`,
      },
    );
  }
}
