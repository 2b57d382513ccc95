"""
`python wasmtime_corpus.py COMPONENT < LINES`: plays the lines of wasmtime.ts, which has verified the signatures, and prints what they come to.
One JSON object: core, result, decisions, refusals as in the corpus's header; version; difference, the first one, or null.
"""

import hashlib
import json
import sys
from base64 import b64decode
from importlib.metadata import version

from wasmtime_component import ComponentCore, Refused, canonical, quicken

CALLS = {"decide": "decide-recorded", "event": "apply-event"}


class Player:
    def __init__(self, core):
        self.core = core
        self.bundles = {}
        self.loaded = None
        self.sequence, self.previous, self.state = 0, bytes(32), {}
        self.result = hashlib.sha256()
        self.decisions = self.refusals = 0
        self.difference = None

    def play(self, line):
        kind = line["kind"]
        if kind == "bundle":
            self.bundles[line["id"]] = b64decode(line["bytes"])
        elif kind in ("open", "load"):
            code, core_code = self.open(line)
            self.compare(line, "expect", code)
            self.compare(line, "coreCode", core_code)
        else:
            self.call(line)

    def compare(self, line, what, found):
        if line[what] != found and self.difference is None:
            self.difference = {"line": line["line"], "what": what, "expected": line[what], "found": found}

    def open(self, line):
        """Code of the host's refusal, or `ok`; and the core's own code, or None."""
        code, core_code = (line["refused"], None) if line["refused"] else self.load(line)
        if code != "ok":
            self.refusals += 1
            self.result.update((code if core_code is None else f"{code} {core_code}").encode() + b"\n")
        elif line["kind"] == "open":
            self.sequence, self.previous, self.state = line["sequence"], bytes(32), {}
        return code, core_code

    def load(self, line):
        policy = (self.bundles[line["bundle"]], line["signed"])
        try:
            self.core.load(*policy)
        except Refused as refusal:
            # The core holds nothing after a refusal; what was in use stays in use.
            if self.loaded is not None:
                self.core.load(*self.loaded)
            return "bundle_refused", str(refusal)
        self.loaded = policy
        return "ok", None

    def call(self, line):
        text = b64decode(line["text"])
        facts = None if line["facts"] is None else b64decode(line["facts"])
        keys = line["state"]
        state = None if keys is None else [self.state.get(key, b"") for key in keys]
        self.decisions += 1
        if line["kind"] == "plain":
            verdict = self.core.decide(text, facts, state)
            self.result.update(canonical(verdict) + b"\n")
            return self.compare(line, "code", verdict["code"])
        verdict, record, digest, after = self.core.recorded(
            CALLS[line["kind"]], text, facts, state, self.sequence, self.previous
        )
        self.result.update(canonical(verdict) + b"\n" + record + b"\n" + digest)
        self.compare(line, "code", verdict["code"])
        self.compare(line, "hash", digest.hex()[:16])
        self.sequence, self.previous = self.sequence + 1, digest
        for key, blob in zip(keys or [], after or []):
            if blob:
                self.state[key] = blob


def main():
    quicken()
    player = Player(ComponentCore(sys.argv[1]))
    for line in sys.stdin:
        player.play(json.loads(line))
    sums = {
        "version": version("wasmtime"),
        "core": player.core.engine_digest.hex(),
        "result": player.result.hexdigest(),
        "decisions": player.decisions,
        "refusals": player.refusals,
        "difference": player.difference,
    }
    print(json.dumps(sums))


main()
