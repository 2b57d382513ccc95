import type { OptionSpec } from "./command.ts";

export const TRUST: OptionSpec = {
  name: "trust",
  value: "FILE",
  help: "trust file: verify signatures against it",
};
export const INSECURE: OptionSpec = {
  name: "insecure",
  help: "use the bundle without verifying it; records will say `signed: false`",
};
export const KEY: OptionSpec = {
  name: "key",
  short: "k",
  value: "KEY",
  multiple: true,
  help: "private key file of `faramesh keygen`",
};
export const SEQUENCE: OptionSpec = {
  name: "sequence",
  value: "N",
  help: "sequence number to sign; a policy's bundles count up",
};
export const AGENT: OptionSpec = {
  name: "agent",
  short: "a",
  value: "NAME",
  help: "the agent that is calling; a call that names another one is refused",
};
export const NOW: OptionSpec = { name: "now", help: "give the present time to calls that bring none" };
export const FOLDER: OptionSpec = {
  name: "folder",
  short: "f",
  value: "DIR",
  help: "folder of the control plane: the log of records and the state made from it; a host that has it open does the work itself",
};
export const LEDGER: OptionSpec = {
  name: "ledger",
  value: "WHERE",
  help: "instead of a folder, the database: sqlite:FILE, postgres://USER@HOST/DATABASE, or env:NAME",
};
export const SALT_KEY: OptionSpec = {
  name: "salt-key",
  value: "FILE",
  help: "with --ledger, for a policy that redacts: the 32 secret bytes of all its processes",
};
export const REASON: OptionSpec = { name: "reason", value: "TEXT", help: "why, for the record" };
export const BY: OptionSpec = { name: "by", value: "WHO", help: "who does it, for the record" };
