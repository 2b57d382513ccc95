/** TLS ended here, for the hosts that the options name: requests within are judged one by one. */
import type { Bound } from "../../../gateway/egress/request.ts";
import type { Context } from "./context.ts";
import type { ByteStream } from "./stream.ts";
import type { Answers } from "./tunnel.ts";

export interface Interceptor {
  isFor(bound: Bound): boolean;
  serveTunnel(
    context: Context,
    client: ByteStream,
    bound: Bound,
    via: "connect" | "socks5" | "tls",
    answers: Answers,
  ): Promise<void>;
}
