/** Programs that people use, unchanged, in each mode: they end with 0 and say what they say outside. */
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { buildLauncher } from "./launcher.ts";
import type { Mode, User } from "./sandboxes.ts";
import { ORDINARY } from "./targets.ts";

interface Program {
  name: string;
  script: string;
  says: RegExp;
}

const HELLO = '#include <stdio.h>\nint main(void) { puts("hello from C"); return 0; }\n';
const CHILD_OF_NODE =
  'require("node:child_process").execFileSync("/bin/echo", ["from a child"], { encoding: "utf8" })';
const WORKER = 'new (require("node:worker_threads").Worker)("console.log([2].join())", { eval: true })';
const PYTHON_PARTS = "import json, sqlite3, subprocess, tempfile, threading, os";

const PROGRAMS: Program[] = [
  {
    name: "git",
    script:
      "git init -q repo && cd repo && echo one > a && git add a && git -c user.name=a -c user.email=a@b commit -qm first && echo two >> a && git diff --stat && git stash -q && git log --oneline | cat",
    says: /first/,
  },
  {
    name: "git clone of a folder",
    script: "git init -q --bare b.git && git clone -q b.git c && ls -d c/.git",
    says: /c\/\.git/,
  },
  {
    name: "git worktree",
    script:
      "git init -q w && cd w && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m x && git worktree add -q ../w2 && git -C ../w2 status -s && echo done",
    says: /done/,
  },
  {
    name: "python",
    script: `/usr/bin/python3 -c '${PYTHON_PARTS}
db = sqlite3.connect("x.db"); db.execute("create table t (a)"); db.commit()
with tempfile.NamedTemporaryFile() as f: f.write(b"x")
t = threading.Thread(target=lambda: print("thread")); t.start(); t.join()
print(subprocess.check_output(["echo", "child"]).decode())'`,
    says: /thread\s+child/,
  },
  {
    name: "python multiprocessing",
    script: `cat > pool.py <<'P'
from multiprocessing import Pool
def twice(n): return n * 2
if __name__ == "__main__":
  with Pool(2) as pool: print(pool.map(twice, [1, 2, 3]))
P
/usr/bin/python3 pool.py`,
    says: /\[2, 4, 6\]/,
  },
  {
    name: "node",
    script: `node -e 'console.log(require("node:crypto").randomUUID().length, require("node:os").cpus().length > 0)'`,
    says: /36 true/,
  },
  {
    name: "node with a child",
    script: `node -e 'process.stdout.write(${CHILD_OF_NODE})'`,
    says: /from a child/,
  },
  { name: "node with a worker", script: `node -e '${WORKER}'`, says: /^2$/m },
  {
    name: "node watching files",
    script: `node -e 'const w = require("node:fs").watch(".", () => { console.log("seen"); w.close(); process.exit(0) }); setTimeout(() => require("node:fs").writeFileSync("x", ""), 100)'`,
    says: /seen/,
  },
  {
    name: "npm run",
    script: `echo '{"name":"x","version":"1.0.0","scripts":{"hello":"echo hello from a script"}}' > package.json && npm run --silent hello`,
    says: /hello from a script/,
  },
  {
    name: "gcc",
    script: `printf '${HELLO.replaceAll("\n", "\\n")}' > hello.c && gcc -O1 hello.c -o hello && ./hello`,
    says: /hello from C/,
  },
  { name: "make", script: "printf 'all:\\n\\t@echo made\\n' > Makefile && make -s", says: /made/ },
  {
    name: "perl",
    script: `perl -e 'use File::Temp; my $f = File::Temp->new; print "perl ok\\n"'`,
    says: /perl ok/,
  },
  {
    name: "find, grep, sed, sort, xargs",
    script:
      "mkdir -p d/e && echo needle > d/e/f && find d -type f | xargs grep -l needle | sed s/f/F/ | sort",
    says: /d\/e\/F/,
  },
  {
    name: "tar, gzip",
    script: "mkdir -p t && echo x > t/x && tar czf t.tgz t && rm -r t && tar xzf t.tgz && cat t/x",
    says: /x/,
  },
  {
    name: "cp -a, mv, chmod, ln, touch",
    script:
      "echo x > a1 && cp -a a1 a2 && touch -d 2001-01-01 a2 && ln a2 a3 && ln -s a3 a4 && chmod 700 a4 && mv a1 a5 && cat a4",
    says: /x/,
  },
  { name: "curl", script: "curl --version", says: /libcurl/ },
  {
    name: "bash with jobs",
    script: `bash -c 'sleep 0.1 & sleep 0.1 & wait; coproc cat; echo hi >&"\${COPROC[1]}"; read -r line <&"\${COPROC[0]}"; echo "$line"; cat <(echo process substitution)'`,
    says: /hi\s+process substitution/,
  },
  { name: "a pipeline of many", script: "seq 1 100000 | sort -rn | head -1", says: /100000/ },
  { name: "ps", script: "ps -o pid,comm | head -3", says: /PID/ },
  { name: "a terminal by script", script: "script -qec 'tty' /dev/null", says: /dev\/pts/ },
  {
    name: "temporary files",
    script: 'd=$(mktemp -d) && echo x > "$d/y" && cat "$d/y" && df -P "$d" > /dev/null && echo kept',
    says: /kept/,
  },
  {
    name: "who, date, locale",
    script: "id -u > /dev/null && date > /dev/null && nproc && uname -s",
    says: /Linux/,
  },
];

/** What mode `restricted` has not, so that these fail there. */
const LACKS: Record<string, string> = {
  "python multiprocessing": "a private /dev/shm",
  "a terminal by script": "a private /dev/pts",
};

const folders: string[] = [];

function workspace(owner: number): string {
  const folder = mkdtempSync("/var/tmp/faramesh-programs-");
  folders.push(folder);
  chmodSync(folder, 0o755);
  const inside = join(folder, "w");
  mkdirSync(inside);
  chownSync(inside, owner, owner);
  return inside;
}

/** Node may live outside of /usr. */
function nodeFolder(): string[] {
  const place = dirname(dirname(realpathSync(process.execPath)));
  return place.startsWith("/usr") ? [] : [`read ${place}`];
}

function run(mode: Mode | "none", user: User, script: string) {
  const owner = user === "ordinary" || mode === "root" ? ORDINARY : 0;
  const inside = workspace(owner);
  const command = ["/bin/bash", "-c", script];
  const profile = join(dirname(inside), "profile");
  const lines = [
    "faramesh-sandbox 1",
    `mode ${mode}`,
    "network none",
    "system",
    ...nodeFolder(),
    `write ${inside}`,
  ];
  if (mode !== "restricted") lines.push("home /home/agent");
  else lines.push(`set HOME=${inside}`, `set TMPDIR=${inside}`);
  if (mode === "root") lines.push(`user ${ORDINARY} ${ORDINARY}`);
  writeFileSync(profile, `${[...lines, `directory ${inside}`].join("\n")}\n`);
  const wrapped = mode === "none" ? command : [buildLauncher()!, "--profile", profile, "--", ...command];
  const ids = [`--reuid=${ORDINARY}`, `--regid=${ORDINARY}`, "--clear-groups"];
  const all = user === "ordinary" ? ["setpriv", ...ids, ...wrapped] : wrapped;
  return spawnSync(all[0]!, all.slice(1), {
    cwd: inside,
    encoding: "utf8",
    timeout: 30_000,
    env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: inside, LANG: "C.UTF-8" },
  });
}

describe.skipIf(process.platform !== "linux" || process.getuid?.() !== 0)("programs inside", () => {
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  const cases: [Mode | "none", User][] = [
    ["none", "ordinary"],
    ["full", "root"],
    ["full", "ordinary"],
    ["restricted", "root"],
    ["restricted", "ordinary"],
    ["root", "root"],
  ];
  for (const [mode, user] of cases)
    it.each(PROGRAMS.filter(({ name }) => mode !== "restricted" || LACKS[name] === undefined))(
      `${mode} as ${user}: $name`,
      ({ script, says }) => {
        const { status, stdout, stderr } = run(mode, user, script);
        expect({ status, stderr: status === 0 ? "" : stderr, said: says.test(stdout) ? "" : stdout }).toEqual(
          {
            status: 0,
            stderr: "",
            said: "",
          },
        );
      },
    );
});
