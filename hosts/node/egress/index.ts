export type { Decides, EgressEvent, EgressOptions, Interception, Listen, Resolve } from "./options.ts";
export { type EgressServer, serveEgress } from "./server.ts";
