/** The component as JavaScript of jco, in Node. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Host, ROOT, reportOf } from "../host.ts";

export const COMPONENT_FILE = join(ROOT, "engine/dist/faramesh.component.wasm");
export const NO_COMPONENT = "the component is not built: `npm run component`";

const host: Host = {
  name: "component-jco",
  async run() {
    if (!existsSync(join(ROOT, "engine/dist/component"))) return { skipped: NO_COMPONENT };
    return reportOf(process.execPath, ["cli/run.mjs", "tests/conformance/entries/component-jco.ts"]);
  },
};

export default host;
