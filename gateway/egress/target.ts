/** The target of a request, RFC 9112 section 3.2. */
import { fault, type Parsed, parsed } from "./faults.ts";
import { type Authority, parseAuthority } from "./host.ts";

/** What a request is for. `path` and `query` are as they were written; `query` is null without a `?`. */
export interface Target {
  readonly form: "origin" | "absolute" | "authority";
  readonly authority: Authority | null;
  readonly path: string;
  readonly query: string | null;
}

/** Visible ASCII without what ends or quotes a URL. */
const VISIBLE = /^[\x21\x23-\x3b\x3d\x3f-\x7e]+$/;

function split(text: string): Pick<Target, "path" | "query"> {
  const mark = text.indexOf("?");
  return mark === -1
    ? { path: text, query: null }
    : { path: text.slice(0, mark), query: text.slice(mark + 1) };
}

export function parseTarget(method: string, text: string): Parsed<Target> {
  if (!VISIBLE.test(text) || text.includes("#")) return fault("target_invalid");
  if (method === "CONNECT") {
    const authority = parseAuthority(text);
    if (!authority.ok) return authority;
    if (authority.value.port === null) return fault("port_invalid");
    return parsed({ form: "authority", authority: authority.value, path: "", query: null });
  }
  if (text.startsWith("/")) return parsed({ form: "origin", authority: null, ...split(text) });
  const absolute = /^http:\/\/([^/?]*)(.*)$/i.exec(text);
  if (absolute === null) return fault("target_form");
  const authority = parseAuthority(absolute[1]!);
  if (!authority.ok) return authority;
  const rest = absolute[2]!;
  return parsed({
    form: "absolute",
    authority: authority.value,
    ...split(rest.startsWith("/") ? rest : `/${rest}`),
  });
}

/** A name's only value, or all of them. */
export type Query = Readonly<Record<string, string | readonly string[]>>;

/** Strict UTF-8, null when it is none. */
function decode(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return null;
  }
}

/** As forms are encoded: pairs between `&`, `+` for a space. What does not decode is refused. */
export function parseQuery(text: string): Parsed<Query> {
  const query: Record<string, string | string[]> = Object.create(null);
  for (const pair of text.split("&")) {
    if (pair === "") continue;
    const mark = pair.indexOf("=");
    const name = decode(mark === -1 ? pair : pair.slice(0, mark));
    const value = mark === -1 ? "" : decode(pair.slice(mark + 1));
    if (name === null || value === null) return fault("query_invalid");
    const known = query[name];
    if (known === undefined) query[name] = value;
    else if (typeof known === "string") query[name] = [known, value];
    else known.push(value);
  }
  return parsed(query);
}
