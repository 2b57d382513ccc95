/** A Worker that is sent the corpus, and answers with what it gives. */
import { parseTrustFile } from "../../../bundles/trust/index.ts";
import { prepare } from "../../../control/policy/prepare.ts";
import { newCore } from "../../../hosts/workers/core.ts";
import { MACHINERY } from "../../../hosts/workers/follow.ts";
import { openedBy } from "../corpus/opening.ts";
import { runCorpus } from "../corpus/run.ts";

const open = openedBy({
  parseTrustFile,
  open: (file, verified, highest) => prepare(file, verified, highest, MACHINERY),
});

export default {
  async fetch(request: Request): Promise<Response> {
    return Response.json(await runCorpus({ openCore: newCore, open }, await request.text()));
  },
};
