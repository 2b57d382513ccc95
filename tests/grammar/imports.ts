/** Documents that the cases import. */

import type { ImportedSource } from "../../fpl-grammar/index.ts";

const documents: [path: string, version: string, text: string][] = [
  ["packs/base.fpl", "1.0.0", 'deny! shell/* reason "no shells"\ndefer mail/send if args.count > 10\n'],
  [
    "packs/limits.fpl",
    "2.1.0",
    'agent "default" {\n  var limit = $50\n  rules {\n    permit pay/send if amount <= limit\n  }\n}\n',
  ],
  [
    "packs/nested.fpl",
    "1.0.0",
    'import "packs/base.fpl@1.0.0"\nagent "default" { rules { include base permit a/nested } }\n',
  ],
  [
    "packs/circle.fpl",
    "1.0.0",
    'import "packs/circle.fpl@1.0.0"\nagent "default" { rules { include circle } }\n',
  ],
  ["packs/agents.fpl", "1.0.0", 'agent "someone" { default permit }\npermit a/b\n'],
  ["packs/permits.fpl", "1.0.0", "permit everything\n"],
  ["packs/broken.fpl", "1.0.0", "premit a/b\n"],
];

export const IMPORTS: ImportedSource[] = documents.map(([path, version, text]) => ({
  path,
  version,
  file: { name: `${path}@${version}`, text },
}));
