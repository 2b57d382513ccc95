/** One run: everything that happens follows from its seed. */
import { Random } from "../fuzz/random.ts";
import type { Breakage } from "./broken.ts";
import { Client, EMPHASES, Office, type Operation } from "./clients.ts";
import { Faults } from "./faults.ts";
import type { Policy } from "./policies.ts";
import { quiet, Scheduler } from "./scheduler.ts";
import { Violation } from "./violation.ts";
import { Node, World } from "./world.ts";

export interface RunOptions {
  readonly policies: readonly Policy[];
  readonly breakage?: Breakage;
  /** Told of every step. */
  readonly trace?: (text: string) => void;
}

export interface RunResult {
  readonly seed: number;
  readonly failure: Error | null;
  readonly steps: number;
  readonly records: number;
  readonly acknowledged: number;
  readonly crashes: number;
  /** How often each code was heard, and each fault was drawn. */
  readonly codes: ReadonlyMap<string, number>;
  readonly faults: ReadonlyMap<string, number>;
  /** How often what happened, by the records and by the model. */
  readonly kinds: ReadonlyMap<string, number>;
}

const SOUND: Breakage = { name: "none" };
const MIN_STEPS = 120;
const MORE_STEPS = 240;
const MAX_LAST_STEPS = 5_000;
const HANG_CHANCE = 0.03;
/** Most of the time what is under way does not take long, by whatever the clock is set on. */
const SLOW_CHANCE = 0.1;
const QUICK_MS = 4;

class Run {
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly world: World;
  readonly nodes: Node[];
  readonly clients: Client[];
  readonly trace: (text: string) => void;
  readonly codes = new Map<string, number>();
  crashes = 0;
  steps = 0;
  /** Calls under way, by client. */
  readonly #underWay = new Map<Client, Node>();
  readonly #policies: number;

  constructor(seed: number, { policies, breakage = SOUND, trace = () => {} }: RunOptions) {
    const random = new Random(seed, 0x51);
    this.random = random;
    this.trace = trace;
    this.#policies = policies.length;
    this.scheduler = new Scheduler(random);
    this.faults = new Faults(random, this.scheduler, random.pick([0, 0.01, 0.03, 0.1]));
    const settings = {
      shared: random.chance(0.3),
      writeBehindRecords: 1 + random.below(8),
      writeBehindMs: 20 + random.below(200),
      keptBytes: random.pick([32_768, 1_048_576]),
    };
    const parts = {
      random,
      scheduler: this.scheduler,
      faults: this.faults,
      policies,
      settings,
      breakage,
      trace,
    };
    this.world = new World(parts);
    this.nodes = settings.shared ? [new Node(0), new Node(random.below(900))] : [new Node(0)];
    const office = new Office();
    const around = {
      random,
      now: () => this.world.nowMs,
      records: () => this.world.auditor.records,
      crashes: () => this.crashes,
      note: (kind: string) => this.world.auditor.note(kind),
    };
    const emphasis = random.pick(EMPHASES);
    this.clients = random.times(
      2 + random.below(4),
      () => new Client(`c${random.below(1000)}`, office, around, emphasis),
    );
    trace(
      `${JSON.stringify(settings)} faults ${this.faults.probability}, ${this.clients.length} clients, ${emphasis}`,
    );
  }

  /** @throws Violation */
  async settled(): Promise<void> {
    await quiet();
    this.world.guard(() => this.world.follow());
    if (this.world.violation !== null) throw this.world.violation;
  }

  #say(client: Client, operation: Operation, node: Node): void {
    this.trace(`start ${operation.name}`);
    this.#underWay.set(client, node);
    const { life } = node;
    operation.run(node.plane!).then(
      (outcome) => {
        if (!life.alive) return;
        this.#underWay.delete(client);
        const { code } = outcome.verdict;
        this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
        this.world.hear(operation.name, outcome);
      },
      (error: unknown) => {
        this.world.violation ??= new Violation("calls resolve", `${operation.name} rejected: ${error}`);
      },
    );
  }

  #startCall(): boolean {
    const idle = this.clients.filter((client) => !this.#underWay.has(client));
    const open = this.nodes.filter(({ plane, closing }) => plane !== null && !closing);
    if (idle.length === 0 || open.length === 0) return false;
    const client = this.random.pick(idle);
    this.#say(client, client.next(), this.random.pick(open));
    return true;
  }

  #passTime(): void {
    const { random, world } = this;
    const milliseconds = random.weighted([
      [12, () => 1 + random.below(40)],
      [4, () => random.below(2_000)],
      [2, () => random.below(120_000)],
      [1, () => random.below(3_600_000)],
    ]);
    const back = random.chance(0.06) ? random.below(1_500) : 0;
    this.trace(`time ${milliseconds} -${back}`);
    world.nowMs += milliseconds - back;
    const isSlow = this.scheduler.waiting === 0 || random.chance(SLOW_CHANCE);
    this.scheduler.pass(isSlow ? milliseconds : Math.min(milliseconds, QUICK_MS));
  }

  end(node: Node, power: boolean): void {
    this.trace(power ? "crash" : "kill");
    this.crashes++;
    for (const [client, on] of this.#underWay) if (on === node) this.#underWay.delete(client);
    this.world.end(node, power);
  }

  #close(node: Node): void {
    this.trace("close");
    node.closing = true;
    const { life } = node;
    const closed = (): void => {
      if (!life.alive) return;
      this.trace("  closed");
      // Every call has had its answer by now, or never will.
      this.end(node, false);
    };
    node.ledger!.close().then(closed, closed);
  }

  #disturb(): void {
    const { random } = this;
    const node = random.pick(this.nodes);
    if (node.plane === null && !node.opening) {
      if (this.world.disk.size > 0 && random.chance(0.1)) node.rebuilding = true;
      this.trace(`open${node.rebuilding ? " with a rebuild" : ""}`);
      this.world.open(node);
      return;
    }
    random.weighted([
      [3, () => this.end(node, true)],
      [2, () => this.end(node, false)],
      [3, () => (node.plane !== null && !node.closing ? this.#close(node) : undefined)],
      [4, () => this.#reload(node)],
    ]);
  }

  #reload(node: Node): void {
    node.policy = this.random.below(this.#policies);
    this.trace(`policy ${node.policy}`);
  }

  #step(): void {
    const { random, scheduler } = this;
    const broken = this.nodes.find(({ own, closing }) => own !== null && own.failure !== null && !closing);
    const down = this.nodes.some(({ plane, opening }) => plane === null && !opening);
    if (broken !== undefined && random.chance(0.4)) {
      if (random.chance(0.5)) this.#close(broken);
      else this.end(broken, random.chance(0.5));
      return;
    }
    const stuck = this.nodes.find(({ closing }) => closing);
    if (stuck !== undefined && random.chance(0.05)) {
      this.end(stuck, random.chance(0.5));
      return;
    }
    if (random.chance(down ? 0.6 : 0.015)) {
      this.#disturb();
      return;
    }
    if (random.chance(0.12)) {
      this.#passTime();
      return;
    }
    if (random.chance(HANG_CHANCE)) {
      const late = scheduler.resumeOne(true);
      if (late !== null) {
        this.trace(`late ${late}`);
        return;
      }
    }
    if (random.chance(0.45) && this.#startCall()) return;
    const resumed = scheduler.resumeOne(false);
    if (resumed !== null) this.trace(`step ${resumed}`);
    else this.#passTime();
  }

  async all(): Promise<void> {
    const count = MIN_STEPS + this.random.below(MORE_STEPS);
    for (const node of this.nodes) this.world.open(node);
    for (; this.steps < count; this.steps++) {
      this.#step();
      await this.settled();
    }
    await this.#last();
  }

  /** No more faults: everything that was asked is answered, and everything agrees. */
  async #last(): Promise<void> {
    this.trace("no more faults");
    this.faults.probability = 0;
    await this.#rest(() => this.#underWay.size === 0 && this.nodes.every(isSound));
    for (const node of this.nodes) {
      const { ledger } = node;
      let checked = false;
      void this.world.checkMemory(ledger!).then(() => {
        checked = true;
      });
      await this.#rest(() => checked);
    }
    for (const node of this.nodes) {
      const { ledger } = node;
      let closed = false;
      void ledger!.close().then(() => {
        closed = true;
      });
      await this.#rest(() => closed);
      node.own = null;
    }
    await this.world.checkAll(this.nodes);
  }

  async #rest(done: () => boolean): Promise<void> {
    for (let step = 0; step < MAX_LAST_STEPS; step++) {
      await this.settled();
      if (done()) return;
      this.steps++;
      for (const node of this.nodes) {
        if (node.own !== null && node.own.failure !== null && this.#waitsFor(node) === 0)
          this.end(node, false);
        if (node.closing && this.scheduler.waiting === 0) this.end(node, true);
        if (node.plane === null && !node.opening) this.world.open(node);
      }
      if (this.scheduler.resumeOne(false) !== null) continue;
      const until = this.scheduler.untilNextTimer();
      if (until !== null) this.scheduler.pass(until);
      else if (this.scheduler.resumeOne(true) === null && this.nodes.every(isSound) && step > 100) break;
    }
    await this.settled();
    if (done()) return;
    throw new Violation("calls end", `${this.#underWay.size} calls have no answer when all else is quiet`);
  }

  #waitsFor(node: Node): number {
    return [...this.#underWay.values()].filter((one) => one === node).length;
  }
}

function isSound({ plane, own, opening, closing }: Node): boolean {
  return plane !== null && !opening && !closing && (own === null || own.failure === null);
}

/** Never rejects: what was found is in `failure`. */
export async function runSeed(seed: number, options: RunOptions): Promise<RunResult> {
  const run = new Run(seed, options);
  let failure: Error | null = null;
  try {
    await run.all();
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
  }
  for (const node of run.nodes) run.scheduler.end(node.life);
  const { steps, codes, crashes, world, faults } = run;
  const [records, acknowledged] = [world.auditor.records.length, world.acknowledged.size];
  const { kinds } = world.auditor;
  return { seed, failure, steps, records, acknowledged, crashes, codes, faults: faults.counts, kinds };
}
