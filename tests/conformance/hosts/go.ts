/** The Go host, on wazero. */
import { embedCore, GO_FOLDER, whyNot } from "../../hosts/go/toolchain.ts";
import { CORPUS_FILE, type Host, reportOf } from "../host.ts";

const host: Host = {
  name: "go",
  async run() {
    const reason = whyNot();
    if (reason !== null) return { skipped: reason };
    const { status, text } = embedCore();
    if (status !== 0) throw new Error(text);
    const env = { GOTOOLCHAIN: "local", GOFLAGS: "-mod=readonly" };
    return reportOf("go", ["run", "./cmd/conformance", CORPUS_FILE], { cwd: GO_FOLDER, env });
  },
};

export default host;
