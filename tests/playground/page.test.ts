/** The page as someone uses it: what it shows is what the compiler and the core say. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { printListing } from "../../bundles/compile/listing.ts";
import { NO_HOST_FACTS, readCall } from "../../cli/calls.ts";
import { openPolicy } from "../../cli/policy.ts";
import { explanationText } from "../../cli/report/explanation.ts";
import { makeStyle } from "../../cli/style.ts";
import { Trial } from "../../cli/trial.ts";
import { pack } from "../../examples/playground/page/share.ts";
import { callsOf, readCases } from "../../examples/playground/page/workbench.ts";
import { CHROMIUM, NEEDED, openSite, type Site, textOf, verdictIs, write } from "./browser.ts";

const PACKS = fileURLToPath(new URL("../../bundles/packs/", import.meta.url));
/** A Monday noon: facts with a time are the same on both sides. */
const NOON = Date.UTC(2026, 0, 5, 12);

const POLICY = `agent "shop" {
  default = deny
  rules {
    deny! shell/* reason "no shell"
    permit stripe/refund if amount > $0 and amount <= $100
    defer stripe/refund notify "finance" reason "needs a person"
  }
}
`;
const call = (amount: unknown) => JSON.stringify({ agent: "shop", tool: "stripe/refund", args: { amount } });

describe.skipIf(CHROMIUM === null)(NEEDED, () => {
  let site: Site;
  beforeAll(async () => {
    site = await openSite();
  });
  afterAll(async () => site?.close());

  it("a mistake is shown where it is, and mended the verdict is the core's", async () => {
    const { page, complaints } = await site.visit();
    await write(page, "policy", POLICY.replace("defer stripe", "defre stripe"));
    await page.waitForSelector("#problems li.error");
    const problem = await textOf(page, "#problems li.error");
    expect(problem).toContain("unknown effect defre");
    expect(problem).toContain("did you mean defer?");
    expect(problem).toContain("F008");
    expect(problem).toContain("6:5");
    expect(await page.locator("#policy .cm-lintRange-error").textContent()).toBe("defre");
    expect(await textOf(page, "#policy-state")).toBe("1 error");
    expect(await textOf(page, "#verdict-body")).toContain("does not compile");
    expect(await textOf(page, "#spoken")).toContain("1 error");

    await page.click("#problems button");
    await page.keyboard.press("Shift+End");
    await page.keyboard.insertText('defer stripe/refund notify "finance" reason "needs a person"');
    await write(page, "action", call(640));
    await verdictIs(page, "defer", "rule_defer");
    expect(await page.locator("#problems li").count()).toBe(0);
    const body = await textOf(page, "#verdict-body");
    for (const part of ["“needs a person”", "finance", "policy.fpl:6"]) expect(body).toContain(part);
    expect(await textOf(page, "#spoken")).toContain("Verdict: defer, rule_defer, line 6: needs a person.");
    expect(await page.locator("#policy .cm-decided").textContent()).toContain("defer stripe/refund");

    await write(page, "action", call(20));
    await verdictIs(page, "permit", "rule_permit");
    await write(page, "action", call("20"));
    await verdictIs(page, "defer", "rule_unknown_applies").catch(() =>
      verdictIs(page, "defer", "rule_defer"),
    );
    await write(page, "action", '{"agent": "shop", "tool": "shell/run", "args": {}}');
    await verdictIs(page, "deny", "deny_always");
    await write(page, "action", '{"agent": "shop",');
    await page.waitForFunction(
      () => document.querySelector("#verdict")?.getAttribute("data-effect") === "deny",
    );
    expect(complaints).toEqual([]);
    await page.close();
  });

  const packs = readdirSync(PACKS, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  it.each(packs.map(({ name }) => name))(
    "%s: cases pass, and explanations are those of the command",
    async (name) => {
      const { page, complaints } = await site.visit();
      await page.selectOption("#example", name);
      const cases = readCases(readFileSync(`${PACKS}${name}/policy.cases`, "utf8")).cases;
      await page.waitForFunction(
        (count) => document.querySelector("#cases-state")?.textContent === `${count} passed, 0 failed`,
        cases.length,
      );
      expect(await textOf(page, "#policy-state")).not.toContain("error");

      const opened = await openPolicy(`${PACKS}${name}/policy.fpl`, { trust: null, insecure: false });
      expect(await textOf(page, "#listing")).toBe(printListing(opened.ir));
      const calls = cases.flatMap(({ steps }) => [...callsOf(steps).values()].slice(0, 1));
      const step = Math.ceil(calls.length / 6);
      for (const one of calls.filter((_, index) => index % step === 0)) {
        const facts = JSON.stringify({ ...(one.facts === "" ? {} : JSON.parse(one.facts)), time: NOON });
        await page.evaluate(() => navigator.clipboard.writeText(""));
        await write(page, "action", one.action);
        await write(page, "facts", facts);
        const bytes = new TextEncoder().encode(`{"action":${one.action},${facts.slice(1)}`);
        const explanation = await new Trial(opened).explain(readCall(bytes, NO_HOST_FACTS));
        await verdictIs(page, explanation.verdict.effect, explanation.verdict.code);
        await page.waitForSelector("html[data-state=idle]");
        await page.click("#copy-trace");
        await page.waitForFunction(() => document.querySelector("#spoken")?.textContent === "Copied.");
        const shown = await page.evaluate(() => navigator.clipboard.readText());
        expect(shown).toBe(explanationText(explanation, (file) => file, 110, makeStyle(false)));
        const rules = explanation.steps.flatMap(({ rules }) => rules);
        expect(await page.locator("#trace p.rule").count()).toBe(rules.length);
        expect(await page.locator("#trace li.condition").count()).toBe(
          rules.flatMap(({ conditions }) => conditions).length,
        );
        expect(await page.locator("#trace li.step").count()).toBe(explanation.steps.length);
      }
      expect(complaints).toEqual([]);
      await page.close();
    },
  );

  it("a rule that changes breaks the cases that it should", async () => {
    const { page } = await site.visit();
    await page.click("#tab-cases");
    await write(page, "policy", POLICY);
    await write(
      page,
      "cases",
      `case "small"\n  action ${call(20)}\n  expect permit\ncase "large"\n  action ${call(200)}\n  expect deny\n`,
    );
    await page.waitForFunction(
      () => document.querySelector("#cases-state")?.textContent === "1 passed, 1 failed",
    );
    expect(await textOf(page, "#case-results li.failed")).toContain("expected deny, got defer (rule_defer)");
    await page.click("#case-results li.failed button");
    await verdictIs(page, "defer", "rule_defer");
    expect(await page.locator("#panel-call").isVisible()).toBe(true);
    await write(page, "policy", "agent");
    await page.waitForFunction(() =>
      document.querySelector("#cases-state")?.textContent?.startsWith("not run"),
    );
    await page.close();
  });

  it("a link opens what was shared, after a reload and in another page", async () => {
    const first = await site.visit();
    await write(first.page, "policy", POLICY);
    await write(first.page, "action", call(7));
    await write(first.page, "facts", '{"purpose": "ü — \\u0001 </script>"}');
    await first.page.keyboard.press("Control+s");
    await first.page.waitForSelector("#link[open]");
    const link = await first.page.inputValue("#link-text");
    expect(link).toMatch(/#1\.[A-Za-z0-9_-]+$/);
    expect(await first.page.evaluate(() => navigator.clipboard.readText())).toBe(link);
    await first.page.reload();
    await first.page.waitForSelector("html[data-ready]");
    const second = await site.visit({ fragment: link.slice(site.address.length) });
    for (const { page, complaints, requests } of [first, second]) {
      expect(await page.locator("#policy .cm-content").innerText()).toContain(
        'deny! shell/* reason "no shell"',
      );
      expect(await page.locator("#facts .cm-content").innerText()).toContain("</script>");
      await verdictIs(page, "permit", "rule_permit");
      expect(complaints).toEqual([]);
      expect(requests.filter((address) => !address.startsWith(site.address))).toEqual([]);
      await page.close();
    }
  });

  it("a link that is none says so, and leaves an example there", async () => {
    for (const fragment of [
      "#x",
      "#1.AAAA",
      "#1.%3Cimg%20src=x%20onerror=alert(1)%3E",
      "#<img src=x onerror=alert(1)>",
    ]) {
      const { page, complaints } = await site.visit({ fragment });
      expect(await textOf(page, "#notice")).toMatch(/^This link cannot be opened: /);
      expect(await page.locator("#notice *").count()).toBe(0);
      await verdictIs(page, "defer", "rule_defer");
      expect(complaints).toEqual([]);
      await page.close();
    }
  });

  it("markup in a policy, a call and its cases stays text", async () => {
    const bad = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>';
    const quoted = JSON.stringify(bad);
    const policy = `agent ${JSON.stringify("a<b>")} {\n rules {\n  permit x/y if args.a == ${quoted} reason ${quoted} notify ${quoted}\n  defre ${quoted}\n }\n}\n`;
    const action = JSON.stringify({ agent: "a<b>", tool: "x/y", args: { a: bad, [bad]: bad } });
    const cases = `case ${quoted}\n action ${action}\n expect deny\n`;
    for (const given of [policy, policy.replace(/ {2}defre.*\n/, "")]) {
      const fragment = `#${await pack({ policy: given, action, facts: `{${quoted}: 1}`, cases })}`;
      const { page, complaints } = await site.visit({ fragment });
      for (const tab of ["call", "cases", "bundle"]) await page.click(`#tab-${tab}`);
      expect(await page.evaluate(() => "hit" in window)).toBe(false);
      expect(await page.locator("main img, main script").count()).toBe(0);
      expect(complaints).toEqual([]);
      await page.close();
    }
  });

  it("its content security policy refuses scripts, styles, markup and other hosts", async () => {
    const { page, complaints } = await site.visit();
    const policy = await page.getAttribute('meta[http-equiv="Content-Security-Policy"]', "content");
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval'");
    expect(policy).not.toContain("unsafe-inline");
    const tried = await page.evaluate(async () => {
      const refused: string[] = [];
      const attempt = async (name: string, run: () => unknown) => {
        try {
          await run();
        } catch {
          refused.push(name);
        }
      };
      await attempt("markup", () => {
        document.body.innerHTML = "<b>x</b>";
      });
      await attempt("script text", () => {
        document.createElement("script").text = "window.hit = 1";
      });
      await attempt("other host", () => fetch("http://127.0.0.1:1/"));
      const style = document.createElement("style");
      style.textContent = "body { display: none }";
      document.head.append(style);
      await attempt("style", () => {
        if (getComputedStyle(document.body).display !== "none") throw new Error("refused");
      });
      return refused;
    });
    expect(tried).toEqual(["markup", "script text", "other host", "style"]);
    expect(complaints.length).toBeGreaterThan(0);
    await page.close();
  });

  it("typing goes on while a policy compiles", async () => {
    const { page, complaints } = await site.visit();
    await page.selectOption("#example", "coding-agent");
    await page.locator("#policy .cm-content").click();
    await page.keyboard.press("Control+Home");
    const slowest = await page.evaluate(async () => {
      let longest = 0;
      let before = performance.now();
      for (let frame = 0; frame < 40; frame++) {
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        longest = Math.max(longest, now - before);
        before = now;
      }
      return longest;
    });
    expect(slowest).toBeLessThan(2_000);
    await page.keyboard.type("# x");
    await page.waitForSelector("html[data-state=idle]");
    expect(await textOf(page, "#policy-state")).toContain("rules");
    expect(complaints).toEqual([]);
    await page.close();
  });

  it("no file of it holds another host, a handler or an inline style", () => {
    const folder = `${site.folder}/page`;
    const html = readFileSync(`${folder}/index.html`, "utf8");
    expect(html).not.toMatch(/\son[a-z]+=|\sstyle=|<style|<script(?![^>]*\ssrc=)|https?:/);
    const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(`${folder}/${name}`).size, 0);
    expect(bytes).toBeLessThan(1_500_000);
  });
});
