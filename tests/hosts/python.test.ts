/** The Python host: its own tests, its types, its tables, and the wheel that is made of it. */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { TRUST_REFUSALS } from "../../bundles/trust/index.ts";
import { CODES } from "../../engine/binding/index.ts";
import { fileOf, keyOf, refundPolicy } from "./policies.ts";
import { finish, openPython, PYTHON_HOST, PYTHON_SOURCES } from "./python-environment.ts";
import { temporaryFolder } from "./records.ts";

const TIME_LIMIT_MS = 600_000;
const SOURCES = { PYTHONPATH: PYTHON_SOURCES };
const opened = await openPython();
const python = "python" in opened ? opened.python : "";
const why = "skipped" in opened ? ` (skipped: ${opened.skipped})` : "";

/** What a program prints. */
async function printed(program: string, env: Record<string, string> = SOURCES): Promise<string> {
  const { status, output } = await finish(python, ["-W", "error", "-c", program], env);
  expect(status, output).toBe(0);
  return output;
}

describe.skipIf(python === "")(`Python${why}`, { timeout: TIME_LIMIT_MS }, () => {
  test("its tests pass", async () => {
    const { status, output } = await finish(
      python,
      ["-m", "pytest", "-q", "-p", "no:cacheprovider"],
      SOURCES,
    );
    expect(status, output).toBe(0);
    // A skip within is one of this test's own, which CI counts as a failure.
    if (process.env.CI === "true") expect(output).not.toContain("skipped");
  });

  test("its types are strict", async () => {
    const cache = join(temporaryFolder(), "mypy");
    const { status, output } = await finish(python, ["-m", "mypy", "--cache-dir", cache]);
    expect(status, output).toBe(0);
  });

  test("its tables and its core are those of this build", async () => {
    const program = `
import hashlib, json
from faramesh.generated import tables
from faramesh.instance import core_bytes
print(json.dumps([tables.CODES, tables.TRUST_REFUSALS, hashlib.sha256(core_bytes()).hexdigest()]))`;
    const [codes, refusals, core] = JSON.parse(await printed(program));
    expect(codes).toEqual(
      CODES.map(({ number, name, effect, text, next }) => [number, name, effect, text, next]),
    );
    expect(refusals).toEqual(
      Object.fromEntries(
        Object.entries(TRUST_REFUSALS).map(([code, { message, help }]) => [code, [message, help]]),
      ),
    );
    const built = readFileSync(join(PYTHON_HOST, "../../engine/dist/core.wasm"));
    expect(core).toBe(createHash("sha256").update(built).digest("hex"));
  });

  test("its wheel decides, with the types and the core in it", async () => {
    const folder = temporaryFolder();
    const installed = join(folder, "installed");
    const pip = ["-m", "pip", "--no-cache-dir", "-q"];
    const wheel = ["wheel", "--no-deps", "--no-build-isolation", "-w", folder, PYTHON_HOST];
    const install = ["install", "--no-deps", "--no-index", "--find-links", folder, "--target", installed];
    for (const args of [wheel, [...install, "faramesh"]]) {
      const { status, output } = await finish(python, [...pip, ...args]);
      expect(status, output).toBe(0);
    }
    const policy = join(folder, "policy.fplb");
    writeFileSync(policy, fileOf(refundPolicy(100), 7, keyOf(1)));
    const program = `
from importlib.resources import files
from faramesh import Engine
engine = Engine.load(${JSON.stringify(policy)}, insecure=True)
print(files("faramesh"), files("faramesh").joinpath("py.typed").is_file())
print(engine.decide({"agent": "shop", "tool": "orders/get", "args": {}}).code)`;
    const lines = (await printed(program, { PYTHONPATH: installed })).trimEnd().split("\n");
    expect(lines).toEqual([`${join(installed, "faramesh")} True`, "rule_permit"]);
  });
});
