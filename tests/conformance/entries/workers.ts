/** A Worker that is sent the corpus, and answers with what it gives. */
import { newCore } from "../../../hosts/workers/core.ts";
import { runCorpus } from "../corpus/run.ts";

export default {
  async fetch(request: Request): Promise<Response> {
    return Response.json(await runCorpus({ openCore: newCore }, await request.text()));
  },
};
