/** `faramesh run --why PATH`: what the profile says there, without running anything. */
import {
  answer,
  type Place,
  type Profile,
  pathIn,
  type SandboxSettings,
} from "../../hosts/node/sandbox/index.ts";
import { EXIT_FINDINGS, EXIT_OK } from "../errors.ts";
import { print, printJson } from "../io.ts";
import { printable, styleFor } from "../style.ts";
import { whereFrom } from "./explanations.ts";

/** Exit 1 when the path can neither be read nor written. */
export async function tellWhy(
  asked: string,
  {
    agent,
    profile,
    settings,
    place,
    json,
  }: { agent: string; profile: Profile; settings: SandboxSettings; place: Place; json: boolean },
): Promise<number> {
  const path = pathIn(place, asked);
  const [read, write] = [answer(profile, settings, path, "read"), answer(profile, settings, path, "write")];
  const exit = read.allowed || write.allowed ? EXIT_OK : EXIT_FINDINGS;
  if (json) {
    await printJson({ path, mode: profile.mode, from: whereFrom(agent, settings), read, write });
    return exit;
  }
  const style = styleFor(process.stdout);
  const line = (name: string, { allowed, why, add }: typeof read) => {
    const mark = allowed ? style.green("✓") : style.red("✗");
    return `  ${mark} ${name}  ${printable(why)}\n${add === null ? "" : `           to allow it: ${printable(add)}\n`}`;
  };
  await print(
    `${printable(path)}\n${line("read ", read)}${line("write", write)}  ${printable(whereFrom(agent, settings))}\n`,
  );
  return exit;
}
