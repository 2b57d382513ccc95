/** What the policy proxy is opened with, and what it says while it runs. */
import type { Decision } from "../../../control/plane.ts";
import type { DecisionRequest } from "../../../control/requests.ts";
import type { FaultCode } from "../../../gateway/egress/faults.ts";

/** All that the proxy asks of a control plane. */
export interface Decides {
  decide(request: DecisionRequest): Promise<Decision>;
}

/** Where it listens, and how connections begin: sandbox-native/PROFILE.md "The bridge". */
export type Listen =
  /** A Unix socket, mode 0600; its folder must be the user's alone. Each connection begins with a PROXY header. */
  | { readonly path: string; readonly port?: never; readonly token?: never }
  /** On 127.0.0.1; each connection begins with the token's line, then a PROXY header. Port 0: any. */
  | { readonly port: number; readonly token: string; readonly path?: never }
  /** On 127.0.0.1, without capture: programs are given `EgressServer.proxyUrl`, which has a password in it. Port 0: any. */
  | { readonly port: number; readonly token?: never; readonly path?: never };

/** All addresses of a name, in the order in which they are tried. Rejects when it has none. */
export type Resolve = (name: string) => Promise<readonly string[]>;

export type EgressEvent =
  | {
      readonly kind: "decision";
      readonly tool: string;
      readonly host: string;
      readonly port: number;
      readonly method: string | null;
      readonly path: string | null;
      readonly effect: string;
      readonly code: string;
      readonly reason: string | null;
      readonly actionDigest: string | null;
      readonly sequence: number | null;
    }
  /** Refused before a decision, or failed behind one. `detail` is for the operator. */
  | {
      readonly kind: "fault";
      readonly code: FaultCode;
      readonly host: string | null;
      readonly detail: string | null;
    };

export interface EgressOptions {
  readonly control: Decides;
  readonly agent: string;
  readonly session?: string | null | undefined;
  readonly listen: Listen;
  /** The profile's `proxy-port`: a connection to 127.0.0.1 at this port is one to the proxy. */
  readonly proxyPort?: number | undefined;
  /** Addresses and prefixes to which a permitted name may lead although they are not public. */
  readonly privateAddresses?: readonly string[] | undefined;
  /** The system's when left out. */
  readonly resolve?: Resolve | undefined;
  /** Must not throw; what it throws is dropped. */
  readonly onEvent?: ((event: EgressEvent) => void) | undefined;
}
