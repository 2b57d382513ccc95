/** Verifiers of credentials for this host: what the policy's `identity` blocks name, registered keys, pinned measurements. */
import { readFile } from "node:fs/promises";
import { type LoadOptions, load, manifestOf } from "../../../bundles/load.ts";
import { parsePublicKey } from "../../../bundles/trust/index.ts";
import {
  type BlockBinding,
  createIdentify,
  identityBlocks,
  MemoryReplayCache,
  measurementVerifier,
  type PinnedMeasurements,
  type RegisteredKey,
  type ReplayCache,
  signatureVerifier,
  type Verifier,
  verifierOf,
} from "../../../control/identity/index.ts";
import type { Identify } from "../../../control/ports.ts";
import { errorText } from "../files.ts";
import { type HostRefusal, refusal } from "../refusals.ts";
import { fetchDocument } from "./fetch.ts";

export { fetchDocument } from "./fetch.ts";
export { type MeasuredPaths, measureFiles } from "./measure.ts";
export { openPins, type Pins } from "./pins.ts";

/** The key of one agent: a `.pub` file of `faramesh keygen`. `keyid` of its signatures is the key's id, SHA-256 of its 32 bytes. */
export interface AgentKey extends Pick<RegisteredKey, "agent" | "facts"> {
  readonly path: string;
}

export interface OpenIdentifyOptions {
  /** The bundle file whose `identity` blocks count, as bytes, and how it is verified. */
  readonly policy: Uint8Array;
  readonly load: LoadOptions;
  /** By the name of a `spiffe` or `oidc` block. Every such block needs one. */
  readonly bindings: Readonly<Record<string, BlockBinding>>;
  /** For an `ed25519` block. */
  readonly keys?: readonly AgentKey[];
  /** Shared by all processes that take the same agents' requests; of this process alone when left out. */
  readonly replay?: ReplayCache;
  readonly measurements?: PinnedMeasurements;
}

export async function readAgentKeys(
  keys: readonly AgentKey[],
): Promise<{ ok: true; keys: RegisteredKey[] } | HostRefusal> {
  const registered: RegisteredKey[] = [];
  for (const { path, agent, facts } of keys) {
    let file: Uint8Array;
    try {
      file = await readFile(path);
    } catch (error) {
      return refusal("file_unreadable", errorText(error));
    }
    const parsed = parsePublicKey(file);
    if (!parsed.ok) return parsed;
    const { id, publicKey } = parsed.key;
    registered.push({ keyId: id, agent, publicKey, ...(facts === undefined ? {} : { facts }) });
  }
  return { ok: true, keys: registered };
}

/** The port `identify` of `openControl`. Refused with `identity_unusable` where a block and what the host says of it do not fit. */
export async function openIdentify(
  options: OpenIdentifyOptions,
): Promise<{ ok: true; identify: Identify } | HostRefusal> {
  const loaded = load(options.policy, options.load);
  if (!loaded.ok) return loaded;
  const keys = await readAgentKeys(options.keys ?? []);
  if (!keys.ok) return keys;
  const { replay = new MemoryReplayCache(), measurements, bindings } = options;
  try {
    const verifiers: Verifier[] = [];
    const blocks = identityBlocks(manifestOf(loaded));
    const unknown = Object.keys(bindings).find((name) => !blocks.some((block) => block.name === name));
    if (unknown !== undefined) throw new RangeError(`the policy has no identity block \`${unknown}\``);
    for (const block of blocks) {
      if (block.kind === "ed25519") {
        const age = block.maxAgeMs === null ? {} : { maxAgeMs: block.maxAgeMs };
        verifiers.push(signatureVerifier({ keys: keys.keys, replay, ...age }));
        continue;
      }
      const binding = Object.hasOwn(bindings, block.name) ? bindings[block.name] : undefined;
      if (binding === undefined)
        throw new RangeError(`identity \`${block.name}\`: no binding says whom it stands for`);
      verifiers.push(verifierOf(block, binding, fetchDocument));
    }
    const isSigned = blocks.some(({ kind }) => kind === "ed25519");
    if (keys.keys.length > 0 && !isSigned)
      throw new RangeError("the policy has no identity block of kind ed25519");
    if (measurements !== undefined) verifiers.push(measurementVerifier(measurements));
    const pinned = measurements === undefined ? {} : { measurements };
    return { ok: true, identify: createIdentify({ verifiers, ...pinned }) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return refusal("identity_unusable", error.message);
  }
}
