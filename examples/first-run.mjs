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
const bundle = `${out}/policy.fplb`;
const plane = ["--folder", `${out}/plane`, "--trust", `${out}/trust.json`];

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
    ["build", "examples/first-run/policy.fpl", "-o", bundle, "--sign", `${out}/release.key`],
    ["verify", bundle, "--trust", `${out}/trust.json`],
  ],
  [
    "Open a session of the agent. What it is for is the host's to say. From here on everything is recorded and remembered.",
    ["session", "open", bundle, "s-17", "--purpose", "support", ...plane],
  ],
  [
    "Decide a recorded session. From its ninth call on, the agent follows an instruction hidden in an order's note.",
    ["decide", bundle, "examples/first-run/session.jsonl", "--table", ...plane],
  ],
  [
    "A person approves the large refund, which is record 7. The same call passes then, once.",
    ["approve", bundle, "7", "--by", "finance", ...plane],
    ["decide", bundle, "examples/first-run/approved.jsonl", "--table", ...plane],
  ],
  ["What the session has spent.", ["session", "show", bundle, "s-17", ...plane]],
  [
    "Verify the chain of the records; decide them again, and get the same bytes.",
    ["audit", "verify", `${out}/plane/records`],
    ["replay", `${out}/plane`, bundle],
  ],
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

const next = [
  [`audit ls ${out}/plane/records --effect deny`, "read the refusals"],
  [
    `replay ${out}/plane --bundle examples/first-run/policy.fpl`,
    "after a change in that file: which verdicts change?",
  ],
  [`inspect ${bundle}`, "see what the bundle says"],
  ["init --list", "start a policy of your own, from a pack"],
];
const width = Math.max(...next.map(([command]) => command.length));

console.log(`
Records and state are in ${out}/plane, the bundle in ${bundle}. What to try next:

${next.map(([command, text]) => `  npx faramesh ${command.padEnd(width)}  ${text}`).join("\n")}

docs/getting-started.md goes through the same steps one by one.
`);
