/** What is around the editors: colours, tabs, dialogs and keys. */
import { byId } from "./dom.ts";

const THEME = "faramesh-playground-theme";
const THEMES = ["system", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(THEME) as Theme;
    return THEMES.includes(stored) ? stored : "system";
  } catch {
    return "system";
  }
}

/** The button goes through the system's colours, light and dark, and says which it is. */
export function startTheme(): void {
  const toggle = byId<HTMLButtonElement>("theme");
  const show = (theme: Theme): void => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    const mark = { system: "◑", light: "☀", dark: "☾" }[theme];
    toggle.textContent = mark;
    toggle.setAttribute("aria-label", `Colours: ${theme}`);
    toggle.title = `Colours: ${theme}`;
  };
  let theme = storedTheme();
  show(theme);
  toggle.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!;
    show(theme);
    try {
      localStorage.setItem(THEME, theme);
    } catch {
      // Without storage the choice lasts as long as the page.
    }
  });
}

const TABS = ["call", "cases", "bundle"] as const;
export type TabName = (typeof TABS)[number];

/** Shows one panel. `focus`: and puts the focus on its tab. */
export function showTab(name: TabName, focus = false): void {
  for (const other of TABS) {
    const tab = byId(`tab-${other}`);
    const isChosen = other === name;
    tab.setAttribute("aria-selected", String(isChosen));
    tab.tabIndex = isChosen ? 0 : -1;
    byId(`panel-${other}`).hidden = !isChosen;
    if (isChosen && focus) tab.focus();
  }
}

/** Arrow keys, Home and End move between tabs, as WAI-ARIA's pattern for tabs has it. */
export function startTabs(): void {
  for (const [index, name] of TABS.entries()) {
    const tab = byId(`tab-${name}`);
    tab.addEventListener("click", () => showTab(name));
    tab.addEventListener("keydown", ({ key }) => {
      const steps: Record<string, number> = {
        ArrowRight: index + 1,
        ArrowLeft: index - 1,
        Home: 0,
        End: TABS.length - 1,
      };
      const to = steps[key];
      if (to !== undefined) showTab(TABS[(to + TABS.length) % TABS.length]!, true);
    });
  }
}

/** By Alt and a digit, whatever the layout of the keyboard writes with it. */
export function startKeys(keys: Readonly<Record<string, () => void>>): void {
  const open = byId("keys-open");
  open.addEventListener("click", () => byId<HTMLDialogElement>("keys").showModal());
  addEventListener(
    "keydown",
    (event) => {
      const modifiers = `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}`;
      const key = event.altKey
        ? event.code.replace("Digit", "")
        : event.key.length === 1
          ? event.key.toLowerCase()
          : event.key;
      const run = keys[modifiers + key];
      if (run === undefined || modifiers === "" || document.querySelector("dialog[open]") !== null) return;
      event.preventDefault();
      event.stopPropagation();
      run();
    },
    { capture: true },
  );
}

/** A message over the page, until the next one; null takes it away. */
export function notice(text: string | null): void {
  byId("notice").textContent = text ?? "";
}
