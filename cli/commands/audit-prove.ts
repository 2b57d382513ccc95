import type { SignedCheckpoint } from "../../control/audit/checkpoint.ts";
import { formatLine } from "../../control/audit/line.ts";
import { consistencyPath, inclusionPath } from "../../control/audit/merkle.ts";
import { type Proof, printProof } from "../../control/audit/proof.ts";
import type { SealedRecord } from "../../control/ports.ts";
import { openTree, readCheckpoints } from "../../hosts/node/log/index.ts";
import { NATIVE_SHA256 } from "../../hosts/node/log/sha256.ts";
import { wholeNumber } from "../arguments.ts";
import type { Invocation } from "../command.ts";
import { EXIT_OK, misuse, refused } from "../errors.ts";
import { writeFile } from "../files.ts";
import { print } from "../io.ts";
import { asCommandError, eachRecord, isFolder, mustBeFolder } from "./audit-source.ts";

function sizeFrom(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw misuse(`\`${text}\` is no number of records`, "`faramesh audit checkpoint LOG list` lists the sizes");
}

/** The checkpoint of that size, with the signatures of its last copy. */
function checkpointOf(path: string, all: readonly SignedCheckpoint[], size: number): SignedCheckpoint {
  const found = all.findLast((checkpoint) => checkpoint.size === size);
  if (found !== undefined) return found;
  throw refused(
    path,
    `there is no checkpoint of size ${size}`,
    "`faramesh audit checkpoint LOG list` lists them",
  );
}

function newest(path: string, all: readonly SignedCheckpoint[]): SignedCheckpoint {
  const last = all.at(-1);
  if (last !== undefined) return last;
  throw refused(
    path,
    "the log has no checkpoint",
    "make one with `faramesh audit checkpoint LOG make --key KEY`",
  );
}

async function recordAt(path: string, sequence: number): Promise<SealedRecord> {
  let found: SealedRecord | null = null;
  await eachRecord(path, { from: sequence, partial: !isFolder(path) }, (record) => {
    if (record.sequence === sequence) found = record;
    return false;
  });
  if (found !== null) return found;
  throw refused(path, `there is no record ${sequence}`, "`faramesh audit ls` lists the records");
}

async function inclusion(path: string, word: string, invocation: Invocation): Promise<Proof> {
  const sequence = sizeFrom(word);
  const { checkpoints } = readCheckpoints(path);
  const last = newest(path, checkpoints);
  const to = invocation.value("to");
  const checkpoint = checkpointOf(
    path,
    checkpoints,
    to === null ? last.size : wholeNumber("to", to, 1, 2 ** 53 - 1),
  );
  if (sequence >= checkpoint.size) {
    const help = "make a newer checkpoint first";
    throw refused(path, `record ${sequence} is not among the ${checkpoint.size} of the checkpoint`, help);
  }
  const { hash, record } = await recordAt(invocation.value("archive") ?? path, sequence);
  const tree = await openTree(path, last);
  const line = new TextDecoder().decode(formatLine(hash, record).subarray(0, -1));
  return {
    type: "inclusion",
    checkpoint,
    line,
    path: inclusionPath(sequence, checkpoint.size, tree, NATIVE_SHA256),
  };
}

async function consistency(path: string, from: string, to: string): Promise<Proof> {
  const { checkpoints } = readCheckpoints(path);
  const tree = await openTree(path, newest(path, checkpoints));
  const earlier = checkpointOf(path, checkpoints, sizeFrom(from));
  const checkpoint = checkpointOf(path, checkpoints, sizeFrom(to));
  if (earlier.size > checkpoint.size)
    throw misuse("the earlier checkpoint comes first", "swap the two sizes");
  return {
    type: "consistency",
    checkpoint,
    earlier,
    path: consistencyPath(earlier.size, checkpoint.size, tree, NATIVE_SHA256),
  };
}

/** `audit prove LOG N` and `audit prove LOG A B --consistency`. */
export async function prove(path: string, words: readonly string[], invocation: Invocation): Promise<number> {
  mustBeFolder(path);
  const [first, second] = words;
  const isConsistency = invocation.flag("consistency");
  if (first === undefined || (second !== undefined) !== isConsistency) {
    throw misuse(
      isConsistency ? "two sizes are needed" : "one record is needed",
      "`prove LOG N`, or `prove LOG A B --consistency`",
    );
  }
  let proof: Proof;
  try {
    proof = isConsistency
      ? await consistency(path, first, second!)
      : await inclusion(path, first, invocation);
  } catch (error) {
    throw asCommandError(path, error);
  }
  const output = invocation.value("output");
  if (output === null) await print(printProof(proof));
  else await writeFile(output, printProof(proof));
  return EXIT_OK;
}
