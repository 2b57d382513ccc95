/** The Python host, in the environment of its tests. */
import { finish, openPython, PYTHON_SOURCES } from "../../hosts/python-environment.ts";
import { CORPUS_FILE, type Host, reportOf } from "../host.ts";

const host: Host = {
  name: "python",
  async run() {
    const opened = await openPython();
    if ("skipped" in opened) return opened;
    const env = { PYTHONPATH: PYTHON_SOURCES };
    const built = await finish(opened.python, ["-c", "import faramesh"], env);
    if (built.status !== 0) throw new Error(`run \`npm run build\`: ${built.output}`);
    return reportOf(opened.python, ["-m", "faramesh.conformance", CORPUS_FILE], { env });
  },
};

export default host;
