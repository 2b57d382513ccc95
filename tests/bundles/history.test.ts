/** What several rules ask of the history is remembered once. */

import { expect, test } from "vitest";
import { decode } from "../../bundles/format/decode.ts";
import { encode } from "../../bundles/format/encode.ts";
import { compileSources } from "../../examples/compiled.ts";

const ASKED = "session.count(x/*, window=1h)";

test("agents share what the system remembers, and not what other agents do", () => {
  const text = `
    system { rules { deny x/y if ${ASKED} >= 5 } }
    agent "a" { rules { permit x/a if ${ASKED} < 3 deny x/b if ${ASKED} < 2 and history.contains(x/a) } }
    agent "b" { rules { permit x/a if ${ASKED} < 3 and history.contains(x/a) } }
  `;
  const { bundle, diagnostics } = compileSources([{ name: "policy.fpl", text }]);
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  const ir = decode(bundle!);
  expect(ir.meters.map(({ agent, name }) => [agent, ir.strings[name]])).toEqual([
    [null, ASKED],
    [0, "history.contains(x/a)"],
    [1, "history.contains(x/a)"],
  ]);
  expect(encode(ir)).toEqual(bundle);
});
