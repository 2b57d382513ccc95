/** The compiler and the core on a thread of their own, so that typing never waits for them. Answers each request, in their order. */
import { instantiate } from "../../../engine/binding/index.ts";
import type { Answer, Message, Request } from "./protocol.ts";
import { Workbench } from "./workbench.ts";

async function openWorkbench(): Promise<Workbench> {
  const found = await fetch("core.wasm");
  if (!found.ok) throw new Error(`core.wasm: ${found.status}`);
  return new Workbench(await instantiate(await found.arrayBuffer()));
}

async function answer(workbench: Workbench, { policy, action, facts, cases }: Request): Promise<Answer> {
  const compiled = policy === null ? null : workbench.compile(policy);
  const ran = workbench.run(cases);
  for (const { steps } of ran?.results ?? []) for (const step of steps) step.explanation = null;
  const decided = await workbench.decide(action, facts);
  if (decided === null) return { compiled, cases: ran, decided };
  const { codeName: _, ...explanation } = decided.explanation;
  return { compiled, cases: ran, decided: { ...decided, explanation } };
}

const say = (message: Message): void => postMessage(message);
const fail = (error: unknown): void =>
  say({ kind: "failed", reason: error instanceof Error ? error.message : String(error) });

const opening = openWorkbench();
opening.then(() => say({ kind: "started" }), fail);
addEventListener("message", ({ data }: MessageEvent<Request>) => {
  opening
    .then((workbench) => answer(workbench, data))
    .then((made) => say({ kind: "answer", answer: made }), fail);
});
