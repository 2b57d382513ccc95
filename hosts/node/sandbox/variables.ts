/** Variables by which programs find the policy proxy, and the authority of a run whose TLS is opened. */

/** Inside, where the launcher listens: the port of the profile's `proxy-port`. */
export const PROXY_PORT = 3128;
/** Programs inside talk to one another without it. */
const DIRECT = "localhost,127.0.0.1,::1";

/** @param url of the proxy. ALL_PROXY too is of HTTP: some programs stop at a SOCKS proxy that they have no package for. */
export function proxyVariables(url: string): readonly (readonly [string, string])[] {
  const named = (name: string, value: string): [string, string][] => [
    [name, value],
    [name.toLowerCase(), value],
  ];
  return [
    ...named("HTTP_PROXY", url),
    ...named("HTTPS_PROXY", url),
    ...named("ALL_PROXY", url),
    ...named("NO_PROXY", DIRECT),
    ["NODE_USE_ENV_PROXY", "1"],
    ["GIT_TERMINAL_PROMPT", "0"],
  ];
}

const AUTHORITY_NAMES = [
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
  "REQUESTS_CA_BUNDLE",
  "CURL_CA_BUNDLE",
  "GIT_SSL_CAINFO",
  "PIP_CERT",
  "CARGO_HTTP_CAINFO",
  "AWS_CA_BUNDLE",
];

/** @param file PEM of the system's authorities and the run's own. */
export function authorityVariables(file: string): readonly (readonly [string, string])[] {
  return AUTHORITY_NAMES.map((name) => [name, file] as const);
}
