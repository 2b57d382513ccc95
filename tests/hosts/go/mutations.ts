/** Signed files changed in many ways, as lines of the corpus: each with the refusal that bundles/load.ts gives. */
import { createHash } from "node:crypto";
import { encodeContainer } from "../../../bundles/container.ts";
import { load } from "../../../bundles/load.ts";
import { signBytes } from "../../../bundles/trust/ed25519.ts";
import {
  decodeEnvelope,
  encodeEnvelope,
  PAYLOAD_TYPE,
  preAuthenticationEncoding,
} from "../../../bundles/trust/envelope.ts";
import { parseTrustFile, printTrustFile, sign } from "../../../bundles/trust/index.ts";
import { bundleOf, keyOf, NOW_MS, trustIn } from "../policies.ts";

/** Replaced or inserted: what readers of JSON, of text and of base64 tend to differ about. */
const PIECES = [
  ...['"', "\\", "{", "}", "[", "]", ",", ":", " ", "\n", "=", "0", "-", "e", "."],
  ...[
    "\\u0000",
    "\\ud800",
    "\\ud83d\\ude00",
    "\\u00e9",
    "\\/",
    "é",
    "😀",
    "～",
    "\u2028",
    "\u007f",
    "\u0000",
  ],
  ...[
    "null",
    "true",
    "1e0",
    "-0",
    "01",
    "9007199254740992",
    '"z":1,',
    ',"z":1',
    '"name":"a",',
    "[[[[[[[[[[[[[[[[[",
  ],
];

export interface Mutations {
  corpus: string;
  codes: Map<string, number>;
}

function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

export function mutations(seed: number, count: number): Mutations {
  const random = randomFrom(seed);
  const key = keyOf(1);
  const bundle = bundleOf('agent "shop" {\n  rules {\n    permit orders/get\n  }\n}\n');
  const sources = [
    { name: "é.fpl", sha256: "0".repeat(64) },
    { name: "😀.fpl", sha256: "1".repeat(64) },
    { name: "～.fpl", sha256: "2".repeat(64) },
  ];
  const signed = sign(bundle, { keys: [key], sequence: 7, sources, compiler: { name: "f", version: "1" } });
  if (!signed.ok) throw new Error(signed.message);
  const { payload } = decodeEnvelope(signed.envelope);
  const encoder = new TextEncoder();
  const trustText = printTrustFile(trustIn(key));

  const changed = (bytes: Uint8Array): Uint8Array => {
    const at = random(bytes.length + 1);
    const piece = encoder.encode(PIECES[random(PIECES.length)]!);
    const removed = random(3) === 0 ? random(8) : random(2);
    const raw = random(12) === 0 ? Uint8Array.of(random(256)) : piece;
    return Uint8Array.from([...bytes.slice(0, at), ...raw, ...bytes.slice(at + removed)]);
  };
  /** Signed anew, so that the statement is read. */
  const resigned = (statement: Uint8Array): Uint8Array =>
    encodeEnvelope({
      payload: statement,
      signatures: [
        { keyId: key.id, signature: signBytes(preAuthenticationEncoding(PAYLOAD_TYPE, statement), key.seed) },
      ],
    });

  const lines: string[] = [];
  const codes = new Map<string, number>();
  const result = createHash("sha256");
  let refusals = 0;
  for (let index = 0; index < count; index++) {
    const kind = random(4);
    // A trust file is text in the corpus: what is no UTF-8 cannot stand there.
    const trustFile =
      kind === 0 ? new TextDecoder().decode(changed(trustText)) : new TextDecoder().decode(trustText);
    const envelope =
      kind === 1 ? changed(signed.envelope) : kind === 2 ? resigned(changed(payload)) : signed.envelope;
    const whole = encodeContainer({ bundle, envelope });
    const file = kind === 3 ? changed(whole) : whole;
    const trust = parseTrustFile(encoder.encode(trustFile));
    const loaded = trust.ok ? load(file, { trust: trust.trust, nowMs: NOW_MS, highest: null }) : trust;
    const expect = loaded.ok ? "ok" : loaded.code;
    codes.set(expect, (codes.get(expect) ?? 0) + 1);
    if (!loaded.ok) {
      refusals++;
      result.update(`${loaded.code}\n`);
    }
    const bytes = Buffer.from(file).toString("base64");
    lines.push(JSON.stringify({ kind: "trust", id: "t", file: trustFile }));
    lines.push(JSON.stringify({ kind: "bundle", id: "b", bytes }));
    lines.push(JSON.stringify({ kind: "open", bundle: "b", trust: "t", now: NOW_MS, highest: null, expect }));
  }
  const header = {
    kind: "header",
    corpus: 2,
    core: "",
    decisions: 0,
    refusals,
    result: result.digest("hex"),
  };
  return { corpus: [JSON.stringify(header), ...lines, ""].join("\n"), codes };
}
