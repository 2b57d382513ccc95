/** Elements made of text: nothing that was typed or came with a link is ever read as markup. */

export type Child = Node | string | null;

/** The element of that id. Throws when the page has none. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found as T;
}

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className !== "") made.className = className;
  made.append(...children.filter((child) => child !== null));
  return made;
}

export function button(className: string, text: string, run: () => void): HTMLButtonElement {
  const made = element("button", className, text);
  made.type = "button";
  made.addEventListener("click", run);
  return made;
}

/** A text of which what stands between backticks is code. */
export function marked(text: string): Child[] {
  return text.split(/`([^`]*)`/).map((part, index) => (index % 2 === 0 ? part : element("code", "", part)));
}

/** A text that only shows what the one beside it says in words. */
export function decoration(className: string, text: string): HTMLElement {
  const made = element("span", className, text);
  made.setAttribute("aria-hidden", "true");
  return made;
}

/** Something said once to who listens to the page. */
export function speak(text: string): void {
  const place = byId("spoken");
  if (place.textContent !== text) place.textContent = text;
}
