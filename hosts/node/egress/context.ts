/** What the connections of one proxy share. */
import type { NameTable } from "../../../gateway/egress/names.ts";
import type { Dialler } from "./dial.ts";
import type { Judge } from "./judge.ts";

export interface Context {
  readonly judge: Judge;
  readonly dialler: Dialler;
  readonly names: NameTable;
  /** Null: the proxy asks for no password. */
  readonly password: ProxyPassword | null;
}

export interface ProxyPassword {
  /** The value of `proxy-authorization`. */
  isHeader(value: string | null): boolean;
  isPair(user: Uint8Array, password: Uint8Array): boolean;
}
