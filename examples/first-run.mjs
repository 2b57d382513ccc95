/**
 * What `npm start` runs: the whole path from a policy's text to verified records, with the command a user would type at
 * each step. Writes only below examples/dist, which it empties first.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const command = join(root, "cli", "faramesh.mjs");
const out = "examples/dist";

const steps = [
  [
    "Check the policy, and run its test cases.",
    ["check", "examples/first-run/policy.fpl"],
    ["test", "examples/first-run/policy.fpl"],
  ],
  [
    "Make a signing key, and a trust file that says whose signature counts.",
    ["keygen", "release", "-o", out],
    ["trust", "init", `${out}/trust.json`, `${out}/release.pub`],
  ],
  [
    "Compile and sign; verify what was signed.",
    ["build", "examples/first-run/policy.fpl", "-o", `${out}/policy.fplb`, "--sign", `${out}/release.key`],
    ["verify", `${out}/policy.fplb`, "--trust", `${out}/trust.json`],
  ],
  [
    "Decide a recorded session. From its ninth call on, the agent follows an instruction hidden in an order's note.",
    [
      "decide",
      `${out}/policy.fplb`,
      "examples/first-run/session.jsonl",
      "--trust",
      `${out}/trust.json`,
      "--log",
      `${out}/records`,
      "--table",
    ],
  ],
  ["Verify the chain of the records.", ["audit", "verify", `${out}/records`]],
];

/** Shows one command and its output. Ends the run when it fails: a later step would show nothing true. */
function run(words) {
  console.log(`$ faramesh ${words.join(" ")}`);
  const { status } = spawnSync(process.execPath, [command, ...words], { cwd: root, stdio: "inherit" });
  if (status === 0) return;
  console.error(`\nthe command ended with status ${status}`);
  process.exit(1);
}

if (!existsSync(join(root, "cli", "dist", "faramesh.mjs"))) {
  console.error("the command is not built: `npm start` builds it, `npm run build` does too");
  process.exit(1);
}
rmSync(join(root, out), { recursive: true, force: true });
mkdirSync(join(root, out), { recursive: true });

for (const [index, [title, ...commands]] of steps.entries()) {
  console.log(`${index === 0 ? "" : "\n"}${index + 1}. ${title}\n`);
  for (const words of commands) run(words);
}

console.log(`
The records are in ${out}/records, the bundle in ${out}/policy.fplb. What to try next:

  npx faramesh audit ls ${out}/records --effect deny           read the refusals
  npx faramesh inspect ${out}/policy.fplb                        see what the bundle says
  npx faramesh test examples/first-run/policy.fpl --coverage            after changing a limit in that file
  npx faramesh init --list                                              start a policy of your own, from a pack

docs/getting-started.md goes through the same steps one by one.
`);
