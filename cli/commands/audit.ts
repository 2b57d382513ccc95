import { type Command, type Invocation, JSON_OUTPUT } from "../command.ts";
import { misuse } from "../errors.ts";
import { LEDGER } from "../options.ts";
import { EXPORT_FORMATS } from "../report/audit-export.ts";
import { checkpoint, prune } from "./audit-checkpoint.ts";
import { copy } from "./audit-copy.ts";
import { FILTERS } from "./audit-filter.ts";
import { prove } from "./audit-prove.ts";
import { exportLog, list, show, stats, tail } from "./audit-show.ts";
import { logOf } from "./audit-source.ts";
import { verify, verifyProofFile } from "./audit-verify.ts";

const ACTIONS = [
  "verify",
  "show",
  "tail",
  "ls",
  "stats",
  "export",
  "prove",
  "checkpoint",
  "prune",
  "copy",
] as const;

const HELP = "`faramesh audit --help` shows the usage";

/** How many words each action takes behind the log. */
const WORDS: Record<string, number> = { show: 1, prove: 2, checkpoint: 1, prune: 1 };

function run(
  action: string,
  path: string,
  words: readonly string[],
  invocation: Invocation,
): Promise<number> {
  const extra = words[WORDS[action] ?? 0];
  if (extra !== undefined) throw misuse(`unexpected \`${extra}\``, HELP);
  switch (action) {
    case "verify":
      return verify(path, invocation);
    case "show":
      if (words[0] === undefined) throw misuse("N is missing: the record's sequence number or hash", HELP);
      return show(path, words[0], invocation);
    case "tail":
      return tail(path, invocation);
    case "ls":
      return list(path, invocation);
    case "stats":
      return stats(path, invocation);
    case "export":
      return exportLog(path, invocation);
    case "prove":
      return prove(path, words, invocation);
    case "checkpoint":
      return checkpoint(path, words[0], invocation);
    case "copy":
      return copy(path, invocation);
    default:
      return prune(path, words[0], invocation);
  }
}

export const audit: Command = {
  name: "audit",
  summary: "verify, search, export and prove the log of records",
  description: `  verify LOG              checks form, sequence and hash of every record, and the checkpoints against --key or --trust
  verify --proof FILE     checks a proof file, offline, against --key
  show LOG N|HASH         one record with everything in it
  ls LOG, stats LOG       records as a table, or counted; the filters below apply
  tail LOG                the newest records; --follow waits for more
  export LOG              records as jsonl, csv or ocsf (OCSF 1.3, API Activity)
  prove LOG N             a proof file that record N is in the log as of its newest checkpoint, or of --to
  prove LOG A B --consistency   a proof file that the log of B records begins with that of A
  checkpoint LOG [list|make|verify|cosign]   signed checkpoints (C2SP tlog-checkpoint)
  prune LOG N             removes whole segments before record N; what proves them stays
  copy LOG --ledger WHERE the records of a database into a folder; run again, what is new

LOG is the folder of \`faramesh decide --log\`, or the control plane's of \`--folder\`. verify, show, ls, stats and export also take one file of it, or -.
A log cut off at its end still verifies unless a checkpoint covers it: keep the head that verify prints, and give it back with --head.`,
  operands: [
    { name: "ACTION", minimum: 1, maximum: 1, choices: ACTIONS, help: "what to do" },
    { name: "LOG", minimum: 0, maximum: 1, help: "the log's folder, a file of records, or -" },
    { name: "ARGUMENT", minimum: 0, maximum: 2, help: "what the action asks for, see above" },
  ],
  options: [
    { name: "head", value: "SEQUENCE:HASH", help: "verify: this record must be in the log" },
    {
      name: "key",
      short: "k",
      value: "KEY",
      multiple: true,
      help: "verify: public key file of the log; checkpoint make, cosign, prune: private key file",
    },
    { name: "trust", value: "FILE", help: "verify: trust file, whose keys all count" },
    { name: "origin", value: "NAME", help: "what the checkpoints call the log (the key's name)" },
    {
      name: "witness",
      value: "KEY",
      multiple: true,
      help: "verify: public key file of a witness that must have cosigned",
    },
    { name: "proof", value: "FILE", help: "verify: check this proof file, without a log" },
    { name: "partial", help: "the file begins in the middle of a log" },
    { name: "limit", short: "n", value: "N", help: "ls, tail: the last N (tail: 10)" },
    { name: "follow", short: "f", help: "tail: wait for more, until interrupted" },
    ...FILTERS,
    {
      name: "format",
      value: "FORMAT",
      choices: EXPORT_FORMATS,
      help: "export: jsonl (the default), csv or ocsf",
    },
    { name: "to", value: "SIZE", help: "prove: as of the checkpoint of this size (the newest)" },
    { name: "consistency", help: "prove: that one checkpoint continues another" },
    { name: "archive", value: "FILE", help: "prove: where a record stands that was pruned" },
    { name: "output", short: "o", value: "FILE", help: "prove: write the proof there (standard output)" },
    { name: "log-key", value: "KEY", help: "checkpoint cosign: public key file of the log" },
    { ...LEDGER, help: "copy: the database, as sqlite:FILE, postgres://USER@HOST/DATABASE, or env:NAME" },
    { name: "seen", value: "FILE", help: "checkpoint cosign: what the witness saw last, kept by it" },
    JSON_OUTPUT,
  ],
  examples: [
    { command: "faramesh audit verify records", text: "has anybody altered it?" },
    { command: "faramesh audit ls records --effect deny --since 24h", text: "the refusals of a day" },
    { command: "faramesh audit checkpoint records make --key log.key", text: "sign what is there" },
    { command: "faramesh audit prove records 17 -o proof.json", text: "prove one record" },
    { command: "faramesh audit verify --proof proof.json --key log.pub", text: "check that proof elsewhere" },
  ],
  exits: { ok: "everything that was read verifies", findings: "it does not; the first fault is named" },
  async run(invocation) {
    const [action, path, ...words] = invocation.operands as [string, string | undefined, ...string[]];
    const proof = invocation.value("proof");
    if (proof !== null && action === "verify") {
      if (path !== undefined) throw misuse(`unexpected \`${path}\``, "a proof is checked without the log");
      return verifyProofFile(proof, invocation);
    }
    if (path === undefined) throw misuse("LOG is missing: the log's folder, a file of records, or -", HELP);
    return run(action, logOf(path), words, invocation);
  },
};
