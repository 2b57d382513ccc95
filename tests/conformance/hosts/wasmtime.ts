/** The component in Wasmtime, from the Python package `wasmtime`. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { type Host, reportOf } from "../host.ts";
import { COMPONENT_FILE, NO_COMPONENT } from "./component-jco.ts";

const PYTHON = process.env.PYTHON ?? "python3";

const host: Host = {
  name: "wasmtime",
  async run() {
    if (!existsSync(COMPONENT_FILE)) return { skipped: NO_COMPONENT };
    if (spawnSync(PYTHON, ["-c", "import wasmtime.component"]).status !== 0) {
      return { skipped: `${PYTHON} has no package \`wasmtime\`: tests/conformance/entries/requirements.txt` };
    }
    return reportOf(process.execPath, ["cli/run.mjs", "tests/conformance/entries/wasmtime.ts"]);
  },
};

export default host;
