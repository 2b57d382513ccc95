import { expect, it } from "vitest";
import { IDENTITY_FAULTS } from "../../control/identity/index.ts";
import { readPage } from "../docs/pages.ts";

it("the page names every reason for which a credential is refused, and no other", () => {
  const page = readPage("docs/core/identity.md");
  const section = page.slice(page.indexOf("## When a credential is refused"));
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  const named = rows.flatMap((row) =>
    [...row.split("|")[1]!.matchAll(/`([a-z_]+)`/g)].map(([, code]) => code),
  );
  expect(named.sort()).toEqual(Object.keys(IDENTITY_FAULTS).sort());
});
