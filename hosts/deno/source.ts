/** Where a policy comes from: bundles and trust files by their paths or as bytes. */
import { type SourceOptions, sourcesOf } from "../../control/policy/source.ts";
import { newCore } from "./core.ts";
import { Deno } from "./runtime.ts";
import { stateFile } from "./state.ts";

/** A path, or a URL that begins with `file:`. */
export type Place = string | URL;

/** `trust` may be a place; `state` is the path of a state file. */
export type PolicyOptions = SourceOptions<Place>;

export const prepareSource = sourcesOf<Place>({
  read: (place) => Deno.readFile(place),
  memory: stateFile,
  now: () => Date.now(),
  machinery: { openCore: newCore },
});
