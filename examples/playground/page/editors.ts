/** The editors, each in a shadow root: there CodeMirror's style sheets need no inline style, which the page forbids. */
import { autocompletion, closeBrackets, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { lintKeymap, type Diagnostic as Squiggle, setDiagnostics } from "@codemirror/lint";
import { EditorState, type Extension, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  placeholder,
} from "@codemirror/view";
import type { Diagnostic } from "../../../fpl-grammar/program.ts";
import { complete, highlighting, language } from "./language.ts";

const SEVERITY = { error: "error", warning: "warning", note: "info" } as const;
const underline = (name: string) => ({
  backgroundImage: "none",
  textDecoration: `underline wavy var(--${name})`,
  textDecorationSkipInk: "none",
  textUnderlineOffset: "3px",
});

const look = EditorView.theme({
  "&": { height: "100%", color: "var(--text)", backgroundColor: "transparent", fontSize: "13px" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55" },
  ".cm-content": { caretColor: "var(--accent)", padding: "10px 0" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  ".cm-placeholder": { color: "var(--faint)" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--faint)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLine, &.cm-focused .cm-activeLineGutter": { backgroundColor: "var(--line)" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
    backgroundColor: "var(--selection)",
  },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "transparent", outline: "1px solid var(--field)" },
  ".cm-lintRange-error": underline("deny"),
  ".cm-lintRange-warning": underline("defer"),
  ".cm-lintRange-info": underline("accent"),
  ".cm-lintRange-active": { backgroundColor: "var(--selection)" },
  ".cm-lintPoint": { display: "none" },
  ".cm-tooltip": {
    backgroundColor: "var(--panel)",
    color: "var(--text)",
    border: "1px solid var(--border)",
    borderRadius: "8px",
    boxShadow: "var(--shadow)",
    overflow: "hidden",
  },
  ".cm-tooltip-autocomplete > ul > li": { padding: "3px 10px !important", fontFamily: "var(--mono)" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": {
    backgroundColor: "var(--accent) !important",
    color: "var(--on-accent) !important",
  },
  ".cm-diagnostic": {
    borderLeftWidth: "3px",
    padding: "6px 10px",
    maxWidth: "460px",
    fontFamily: "var(--sans)",
  },
  ".cm-decided": { backgroundColor: "var(--mark)", boxShadow: "inset 3px 0 var(--mark-edge)" },
});

/**
 * Text typed over a selection. The browser would keep the look of what it replaces in a style of its own, which the page's content
 * security policy refuses.
 */
const typedOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { data, inputType } = event;
    const { from, to, empty } = view.state.selection.main;
    if (inputType !== "insertText" || data === null || empty || view.composing) return false;
    event.preventDefault();
    const insert = () =>
      view.state.update(view.state.replaceSelection(data), { userEvent: "input.type", scrollIntoView: true });
    const handlers = view.state.facet(EditorView.inputHandler);
    if (!handlers.some((handle) => handle(view, from, to, data, insert))) view.dispatch(insert());
    return true;
  },
});

/** The first line of the rule that decided, from 1. */
const setDecided = StateEffect.define<number | null>();
const decidedLine = Decoration.line({ class: "cm-decided" });
const decided = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    let next = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(setDecided)) continue;
      const { doc } = transaction.state;
      const line = effect.value;
      const isThere = line !== null && line >= 1 && line <= doc.lines;
      next = isThere ? Decoration.set([decidedLine.range(doc.line(line).from)]) : Decoration.none;
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

export interface EditorOptions {
  label: string;
  hint: string;
  kind: "fpl" | "json" | "plain";
  changed: () => void;
}

export class Editor {
  readonly #view: EditorView;

  /** `label` names it, `hint` stands in it while it is empty; `changed` is called for what is typed, not for `replace`. */
  constructor(place: HTMLElement, { label, hint, kind, changed }: EditorOptions) {
    const root = place.attachShadow({ mode: "open" });
    const host = document.createElement("div");
    host.className = "host";
    root.append(host);
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(".host { height: 100%; }");
    this.#view = new EditorView({
      state: EditorState.create({ extensions: extensions({ label, hint, kind, changed }) }),
      root,
    });
    host.append(this.#view.dom);
    root.adoptedStyleSheets.push(sheet);
  }

  get text(): string {
    return this.#view.state.doc.toString();
  }

  replace(text: string): void {
    const { state } = this.#view;
    this.#view.dispatch({
      changes: { from: 0, to: state.doc.length, insert: text },
      selection: { anchor: 0 },
      userEvent: "replace",
      scrollIntoView: true,
    });
  }

  focus(): void {
    this.#view.focus();
  }

  /** Puts the cursor at an offset and the place into sight. */
  jump(offset: number): void {
    const anchor = Math.min(offset, this.#view.state.doc.length);
    this.#view.dispatch({
      selection: { anchor },
      effects: EditorView.scrollIntoView(anchor, { y: "center" }),
    });
    this.#view.focus();
  }

  jumpToLine(line: number): void {
    const { doc } = this.#view.state;
    this.jump(doc.line(Math.min(Math.max(line, 1), doc.lines)).from);
  }

  /** Of the text that was checked, which is the one that is shown. */
  underline(diagnostics: readonly Diagnostic[]): void {
    const { state } = this.#view;
    const end = state.doc.length;
    const squiggles = diagnostics.map(({ severity, code, message, help, span }): Squiggle => {
      const from = Math.min(span.offset, end);
      const text = help === null ? message : `${message}\n${help}`;
      return {
        from,
        to: Math.min(from + span.length, end),
        severity: SEVERITY[severity],
        source: code,
        message: text,
      };
    });
    this.#view.dispatch(setDiagnostics(state, squiggles));
  }

  markDecided(line: number | null): void {
    this.#view.dispatch({ effects: setDecided.of(line) });
  }
}

function extensions({ label, hint, kind, changed }: EditorOptions): Extension {
  const ofKind: Record<typeof kind, Extension> = {
    fpl: [
      language,
      autocompletion({ override: [complete] }),
      decided,
      lineNumbers(),
      highlightActiveLineGutter(),
    ],
    json: [json(), EditorView.lineWrapping],
    plain: [lineNumbers(), EditorView.lineWrapping],
  };
  return [
    placeholder(hint),
    highlightSpecialChars(),
    history(),
    drawSelection(),
    EditorState.tabSize.of(2),
    indentUnit.of("  "),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    highlightActiveLine(),
    ofKind[kind],
    typedOver,
    highlighting,
    look,
    EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", autocapitalize: "off" }),
    keymap.of([
      ...completionKeymap,
      ...lintKeymap.filter(({ key }) => key === "F8"),
      ...defaultKeymap.filter(({ key }) => key !== "Mod-Enter"),
      ...historyKeymap,
    ]),
    EditorView.updateListener.of((update) => {
      const typed = update.transactions.some((one) => one.docChanged && !one.isUserEvent("replace"));
      if (typed) changed();
    }),
  ];
}
