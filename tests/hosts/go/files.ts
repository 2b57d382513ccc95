/** Every committed file of the Go host that is made from the code in TypeScript, by its path in the project. */
import { printTrustFile } from "../../../bundles/trust/index.ts";
import { fileOf, keyOf, trustIn } from "../policies.ts";
import { edges } from "./edges.ts";
import { printTables, TABLES } from "./tables.ts";

const FOLDER = "hosts/go/testdata/";

function policy(limit: number): string {
  return `agent "shop" {
  rules {
    permit orders/get
    permit stripe/refund when amount > $0 and amount <= $${limit}
    defer stripe/refund reason "a larger refund needs a person"
    deny! shell/* reason "no shell"
  }
}

agent "counter" {
  budget total {
    max_calls = 2
  }

  rules {
    permit tick
  }
}
`;
}

/** A bundle that is signed and that the core refuses: one bit of its magic number. */
function broken(file: Uint8Array): Uint8Array {
  const bytes = file.slice();
  bytes[16]! ^= 1;
  return bytes;
}

export function files(): Map<string, Uint8Array> {
  const [first, second] = [keyOf(1), keyOf(2)];
  const both = { ...trustIn(first, second), threshold: 2 };
  const text = new TextEncoder();
  return new Map([
    [TABLES, text.encode(printTables())],
    [`${FOLDER}policy.fplb`, fileOf(policy(200), 7, first)],
    [`${FOLDER}newer.fplb`, fileOf(policy(500), 8, first)],
    [`${FOLDER}reused.fplb`, fileOf(policy(500), 7, first)],
    [`${FOLDER}unsigned.fplb`, fileOf(policy(200), 0)],
    [`${FOLDER}broken.fplb`, broken(fileOf(policy(200), 0))],
    [`${FOLDER}both.fplb`, fileOf(policy(200), 9, first, second)],
    [`${FOLDER}trust.json`, printTrustFile(trustIn(first))],
    [`${FOLDER}other.json`, printTrustFile(trustIn(second))],
    [`${FOLDER}both.json`, printTrustFile(both)],

    [`${FOLDER}ed25519.json`, text.encode(`${JSON.stringify(edges(), null, 1)}\n`)],
  ]);
}
