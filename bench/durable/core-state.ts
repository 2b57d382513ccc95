/** What state costs the core itself: the same action without state, with a fresh one, and with one full of open reservations. */
import { openCore } from "../faramesh.ts";
import { type Contender, measure, type Timing } from "../measure.ts";
import { actionOf, durableBundle, type Kind } from "./workload.ts";

const SESSION_TIME_MS = 1_790_000_000_000;
const PLACE = { sequence: 0, previous: new Uint8Array(32) };
/** As many permits without a settlement as a blob notes, and some more. */
const FILLING = 80;

type Blobs = (Uint8Array | null)[];

export async function measureCore(): Promise<Timing[]> {
  const core = await openCore(durableBundle());
  const facts = (agent: Kind): string => `{"agent":"${agent}","time":${SESSION_TIME_MS}}`;
  const opened = core.applyEvent(
    '{"type":"session_open","agent":"settled","session":"session-0"}',
    facts("settled"),
    PLACE,
    [null, null],
  );
  if (opened.verdict.effect !== "permit" || opened.state === null) throw new Error(opened.verdict.code);
  const action = actionOf("settled", 0);
  const empty: Blobs = opened.state;
  let full = empty;
  for (let sequence = 1; sequence <= FILLING; sequence++) {
    full = core.decideRecorded(action, facts("settled"), { ...PLACE, sequence }, full).state!;
  }
  const contender = (name: string, note: string, kind: Kind, state: Blobs, recorded: boolean): Contender => ({
    name,
    note,
    run(count) {
      const [text, known] = [actionOf(kind, 0), facts(kind)];
      let permitted = 0;
      for (let i = 0; i < count; i++) {
        const verdict = recorded
          ? core.decideRecorded(text, known, { ...PLACE, sequence: 1_000 + i }, state).verdict
          : core.decide(text, known, state);
        if (verdict.effect === "permit") permitted++;
      }
      if (permitted !== count) throw new Error(`${name}: ${count - permitted} calls were not permitted`);
      return permitted;
    },
  });
  const none: Blobs = [null, null];
  return measure([
    contender("decide, no state", "facts, verdict out", "plain", none, false),
    contender("decide, state", "2 budgets, rate limit, session", "settled", empty, false),
    contender("record, no state", "with the chained record", "plain", none, true),
    contender("record, state", "two blobs, nothing reserved", "settled", empty, true),
    contender("record, 64 reserved", "two blobs with 64 reservations", "settled", full, true),
  ]);
}
