/** Starts the page: the core, the editors, and what happens between them. */
import examples from "playground:examples";
import { explanationText } from "../../../cli/report/explanation.ts";
import { makeStyle } from "../../../cli/style.ts";
import { codeName } from "../../../cli/traced.ts";
import { Bench } from "./bench.ts";
import { notice, showTab, startKeys, startTabs, startTheme } from "./chrome.ts";
import { byId, element, speak } from "./dom.ts";
import { Editor } from "./editors.ts";
import { caseNodes, policyState, problemNodes } from "./results.ts";
import { MAX_FRAGMENT, pack, type Shared, unpack } from "./share.ts";
import { traceNodes, verdictNodes } from "./verdict.ts";
import { type CasesRan, type Compiled, callsOf, type Decided, readCases } from "./workbench.ts";

const TYPING_PAUSE_MS = 120;
const TEXT_COLUMNS = 110;

startTheme();
startTabs();

class Playground {
  readonly #bench = new Bench();
  readonly #policy: Editor;
  readonly #action: Editor;
  readonly #facts: Editor;
  readonly #cases: Editor;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #policyChanged = true;
  /** Something is asked; and whether something else was written since. */
  #isAsking = false;
  #isOvertaken = false;
  #hasFailed = false;
  #decided: Decided | null = null;

  constructor() {
    const calls = (): void => this.#typed(false);
    this.#policy = new Editor(byId("policy"), {
      label: "Policy, in FPL",
      hint: 'agent "name" { … }',
      kind: "fpl",
      changed: () => this.#typed(true),
    });
    this.#action = new Editor(byId("action"), {
      label: "Action, as JSON",
      hint: '{"agent": "name", "tool": "a/b", "args": {}}',
      kind: "json",
      changed: calls,
    });
    this.#facts = new Editor(byId("facts"), {
      label: "Facts, as JSON, may be empty",
      hint: 'none, or {"purpose": "support"}',
      kind: "json",
      changed: calls,
    });
    this.#cases = new Editor(byId("cases"), {
      label: "Cases",
      hint: 'case "title" action {…} expect permit',
      kind: "plain",
      changed: calls,
    });
    startKeys({
      "Alt+1": () => this.#policy.focus(),
      "Alt+2": () => this.#call(this.#action),
      "Alt+3": () => this.#call(this.#facts),
      "Alt+4": () => showTab("cases", true),
      "Alt+5": () => showTab("bundle", true),
      "Ctrl+Enter": () => this.#toVerdict(),
      "Ctrl+s": () => void this.#share(),
    });
    byId("share").addEventListener("click", () => void this.#share());
    byId("copy-trace").addEventListener("click", () => void this.#copyTrace());
    this.#startExamples();
    addEventListener("hashchange", () => void this.open());
  }

  #startExamples(): void {
    const choice = byId<HTMLSelectElement>("example");
    choice.append(...examples.map(({ name, title }) => new Option(title, name)), new Option("—", ""));
    choice.addEventListener("change", () => {
      const chosen = examples.find(({ name }) => name === choice.value);
      if (chosen === undefined) return;
      history.replaceState(null, "", location.pathname);
      notice(null);
      void this.#fill(fromExample(chosen));
    });
  }

  /** From the address, or the first example. A fragment that cannot be read changes nothing of what is there. */
  async open(): Promise<void> {
    const fragment = location.hash.slice(1);
    if (fragment !== "") {
      const unpacked = await unpack(fragment);
      if (unpacked.ok) {
        notice(null);
        byId<HTMLSelectElement>("example").value = "";
        return this.#fill(unpacked.shared);
      }
      notice(`This link cannot be opened: ${unpacked.message}.`);
    }
    if (this.#policy.text === "") await this.#fill(fromExample(examples[0]!));
  }

  async #fill({ policy, action, facts, cases }: Shared): Promise<void> {
    this.#policy.replace(policy);
    this.#action.replace(action);
    this.#facts.replace(facts);
    this.#cases.replace(cases);
    this.#policyChanged = true;
    await this.#refresh();
  }

  #typed(isPolicy: boolean): void {
    if (isPolicy) this.#policyChanged = true;
    document.documentElement.dataset.state = "busy";
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#refresh(), TYPING_PAUSE_MS);
  }

  /** Asks for all that is shown, again when something was written meanwhile; only the last answer is shown. */
  async #refresh(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isOvertaken = true;
    if (this.#isAsking) return;
    this.#isAsking = true;
    document.documentElement.dataset.state = "busy";
    try {
      while (this.#isOvertaken) await this.#ask();
      if (this.#hasFailed) notice(null);
      this.#hasFailed = false;
    } catch (error) {
      this.#hasFailed = true;
      notice(`No verdict: ${error instanceof Error ? error.message : String(error)}.`);
      this.#showDecided(null);
    }
    this.#isAsking = false;
    if (this.#timer === undefined) document.documentElement.dataset.state = "idle";
  }

  async #ask(): Promise<void> {
    this.#isOvertaken = false;
    const isPolicyNew = this.#policyChanged || this.#bench.isFresh;
    this.#policyChanged = false;
    const answer = await this.#bench.ask({
      policy: isPolicyNew ? this.#policy.text : null,
      action: this.#action.text,
      facts: this.#facts.text,
      cases: this.#cases.text,
    });
    // What was written over is asked again.
    if (this.#policyChanged) return;
    if (answer.compiled !== null) this.#showCompiled(answer.compiled);
    if (this.#isOvertaken) return;
    this.#showCases(answer.cases);
    const { decided } = answer;
    this.#showDecided(
      decided === null ? null : { ...decided, explanation: { ...decided.explanation, codeName } },
    );
  }

  #showCompiled(compiled: Compiled): void {
    const { diagnostics, bundle } = compiled;
    this.#policy.underline(diagnostics);
    byId("problems").replaceChildren(...problemNodes(diagnostics, (offset) => this.#policy.jump(offset)));
    const state = byId("policy-state");
    state.textContent = policyState(compiled);
    state.className = bundle === null ? "bad" : "good";
    byId("listing").textContent =
      bundle === null ? "The policy does not compile: there is no bundle." : bundle.listing;
    byId("bundle-state").textContent =
      bundle === null ? "" : `${bundle.bytes} bytes, sha256 ${bundle.digest.slice(0, 16)}…`;
  }

  #showCases(ran: CasesRan | null): void {
    const state = byId("cases-state");
    const count = byId("case-count");
    const list = byId("case-results");
    const say = (text: string, short: string, className: string): void => {
      state.textContent = text;
      state.className = className;
      count.textContent = short;
      count.className = `count ${className}`;
    };
    if (ran === null) {
      list.replaceChildren();
      say("not run: the policy has errors", "", "");
      return;
    }
    const { results, errors } = ran;
    if (errors.length > 0) {
      const shown = errors.map(({ line, column, message, help }) =>
        element(
          "li",
          "failed",
          element("p", "head", `${line}:${column}: ${message}`),
          element("p", "help", help),
        ),
      );
      list.replaceChildren(...shown);
      say(`${errors.length} malformed, none run`, "!", "bad");
      return;
    }
    const failed = results.filter(({ problem }) => problem !== "").length;
    const open = (call: { action: string; facts: string }): void => {
      this.#action.replace(call.action);
      this.#facts.replace(call.facts);
      this.#call(this.#action);
      void this.#refresh();
    };
    list.replaceChildren(...caseNodes(results, { open, jump: (line) => this.#policy.jumpToLine(line) }));
    const passed = results.length - failed;
    const short = failed > 0 ? `${failed} failed` : String(passed);
    say(`${passed} passed, ${failed} failed`, results.length === 0 ? "" : short, failed > 0 ? "bad" : "good");
  }

  #showDecided(decided: Decided | null): void {
    this.#decided = decided;
    const verdict = byId("verdict");
    const actions = { jump: (line: number) => this.#policy.jumpToLine(line) };
    byId<HTMLButtonElement>("copy-trace").disabled = decided === null;
    if (decided === null) {
      verdict.dataset.effect = "none";
      byId("verdict-body").replaceChildren(element("p", "dim", "No verdict: the policy does not compile."));
      byId("trace").replaceChildren();
      this.#policy.markDecided(null);
      speak(`The policy has ${byId("policy-state").textContent}.`);
      return;
    }
    const { effect, code, rule, reason } = decided.explanation.verdict;
    verdict.dataset.effect = effect;
    byId("verdict-body").replaceChildren(...verdictNodes(decided, actions).filter((node) => node !== null));
    byId("trace").replaceChildren(...traceNodes(decided.explanation, actions));
    this.#policy.markDecided(rule?.line ?? null);
    const place = rule === null ? "" : `, line ${rule.line}`;
    speak(`Verdict: ${effect}, ${code}${place}${reason === null ? "" : `: ${reason}`}.`);
  }

  #call(editor: Editor): void {
    showTab("call");
    editor.focus();
  }

  #toVerdict(): void {
    showTab("call");
    const title = byId("verdict-title");
    title.scrollIntoView({ block: "nearest" });
    title.focus();
  }

  async #copyTrace(): Promise<void> {
    if (this.#decided === null) return;
    const text = explanationText(this.#decided.explanation, (name) => name, TEXT_COLUMNS, makeStyle(false));
    speak((await copy(text)) ? "Copied." : "The browser does not let this page copy.");
  }

  async #share(): Promise<void> {
    const shared = {
      policy: this.#policy.text,
      action: this.#action.text,
      facts: this.#facts.text,
      cases: this.#cases.text,
    };
    const fragment = await pack(shared);
    const field = byId<HTMLInputElement>("link-text");
    const state = byId("link-state");
    if (fragment === null) {
      field.value = "";
      state.textContent = `This is too much for a link: it would be longer than ${MAX_FRAGMENT} characters.`;
    } else {
      history.replaceState(null, "", `#${fragment}`);
      field.value = location.href;
      const copied = await copy(location.href);
      const length = `${fragment.length} characters behind the #.`;
      state.textContent = `${copied ? "Copied. " : ""}It holds the policy, the call and the cases: ${length}`;
    }
    byId<HTMLDialogElement>("link").showModal();
    field.select();
  }
}

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** An example with a call of one of its cases: one that waits for a person, if there is one. */
function fromExample({ policy, cases }: (typeof examples)[number]): Shared {
  const all = readCases(cases).cases;
  const shown = all.find(({ steps }) =>
    steps.some((step) => step.kind === "action" && step.expect.effect === "defer"),
  );
  const [call] = callsOf((shown ?? all[0])?.steps ?? []).values();
  return { policy, cases, action: call?.action ?? "", facts: call?.facts ?? "" };
}

try {
  await new Playground().open();
  document.documentElement.dataset.ready = "true";
} catch (error) {
  notice(`The playground cannot start: ${error instanceof Error ? error.message : String(error)}.`);
}
