/**
 * Replays the banking and slack suites of AgentDojo against the policies beside this file and prints a table.
 * Every call is judged alone, by its tool and arguments, as a gateway would. Whose call it was is looked at only
 * after its verdict, to count.
 *
 * The data is not part of this repository: see the README for where it comes from.
 */
import { existsSync } from "node:fs";
import { dataFolder } from "./counts.ts";
import { report } from "./report.ts";

const root = process.cwd();
const folder = dataFolder(root);
if (existsSync(folder)) {
  console.log(await report(root));
} else {
  console.error(
    `the AgentDojo data is not at ${folder}: set FARAMESH_DATA to the folder that holds agentdojo/`,
  );
  process.exitCode = 1;
}
