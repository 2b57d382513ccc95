export type { Decides, EgressEvent, EgressOptions, Listen, Resolve } from "./options.ts";
export { type EgressServer, serveEgress } from "./server.ts";
