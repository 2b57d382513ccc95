"""
`python -m faramesh.conformance CORPUS`: plays the conformance corpus of the project's tests on this host, and prints one line of
JSON. Exits with 1 when anything comes out otherwise than the corpus says, and names the first difference.
"""

from __future__ import annotations

import base64
import hashlib
import json
import platform
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .container import open_insecure, open_signed
from .core import Core
from .engine import open_core
from .instance import DIGEST_BYTES
from .refusals import PolicyRefused
from .trust import HighestSequence, parse_trust_file

_HASH_DIGITS = 16
_ZEROS = bytes(DIGEST_BYTES)

Line = dict[str, Any]

_OPENING = {"bundle", "trust", "now", "highest", "expect", "coreCode"}
_CALL = {"text", "bytes", "facts", "factsBytes", "state", "code"}
#: The fields of each kind beside `kind` and `title`; another one is an error.
_FIELDS: dict[str, set[str]] = {
    "header": {"corpus", "core", "decisions", "refusals", "result"},
    "trust": {"id", "file"},
    "bundle": {"id", "bytes"},
    "open": {*_OPENING, "sequence"},
    "load": _OPENING,
    "decide": {*_CALL, "hash"},
    "event": {*_CALL, "hash"},
    "plain": _CALL,
}


def _bytes_of(text: str | list[tuple[str, int]] | None, encoded: str | None) -> bytes | None:
    """A text that a line gives as it is, as pieces and how often they stand, or as base64."""
    if encoded is not None:
        return base64.b64decode(encoded, validate=True)
    if text is None or isinstance(text, str):
        return None if text is None else text.encode()
    return "".join(piece * times for piece, times in text).encode()


@dataclass
class Player:
    """What is open, the tip of the chain, the state, and the sums so far."""

    core: Core = field(default_factory=open_core)
    result: Any = field(default_factory=hashlib.sha256)
    decisions: int = 0
    refusals: int = 0
    _trust: dict[str, bytes] = field(default_factory=dict)
    _bundles: dict[str, bytes] = field(default_factory=dict)
    _state: dict[str, bytes] = field(default_factory=dict)
    _sequence: int = 0
    _previous: bytes = _ZEROS

    def play(self, line: Line) -> str | None:
        """What differs from what the line expects, or None. Raises for a line that is not understood."""
        kind = line["kind"]
        if kind not in _FIELDS or not line.keys() <= {"kind", "title", *_FIELDS[kind]}:
            raise ValueError(f"no line of the kind `{kind}` is like this")
        if kind == "trust":
            self._trust[line["id"]] = line["file"].encode()
        elif kind == "bundle":
            self._bundles[line["id"]] = base64.b64decode(line["bytes"], validate=True)
        elif kind in ("open", "load"):
            return self._opened(line)
        elif kind != "header":
            return self._called(line)
        return None

    def _opened(self, line: Line) -> str | None:
        code, core_code = self._open(line)
        if code != "ok":
            self.refusals += 1
            self.result.update((code if core_code is None else f"{code} {core_code}").encode() + b"\n")
        elif line["kind"] == "open":
            self._sequence, self._previous = line.get("sequence", 0), _ZEROS
            self._state.clear()
        if code != line["expect"]:
            return f"expected {line['expect']}, found {code}"
        expected = line.get("coreCode")
        return None if core_code == expected else f"expected {expected} of the core, found {core_code}"

    def _open(self, line: Line) -> tuple[str, str | None]:
        """`ok`, or the code of the refusal, and the core's own code, if any; what was open stays open then."""
        try:
            bundle = self._bundles[line["bundle"]]
            if line["trust"] is None:
                loaded = open_insecure(bundle)
            else:
                highest = None if line["highest"] is None else HighestSequence(**line["highest"])
                loaded = open_signed(bundle, parse_trust_file(self._trust[line["trust"]]), line["now"], highest)
            core = open_core()
            core.load(loaded.bundle, loaded.signed)
        except PolicyRefused as refused:
            return refused.code, refused.core_code
        self.core = core
        return "ok", None

    def _called(self, line: Line) -> str | None:
        self.decisions += 1
        text = _bytes_of(line.get("text"), line.get("bytes"))
        facts = _bytes_of(line.get("facts"), line.get("factsBytes"))
        if text is None:
            raise ValueError("a call without a text")
        keys = line.get("state")
        state = None if keys is None else [None if key is None else self._state.get(key) for key in keys]
        if line["kind"] == "plain":
            verdict, short = self.core.decide(text, facts, state), None
            self.result.update(verdict.to_json().encode() + b"\n")
        else:
            call = "decideRecorded" if line["kind"] == "decide" else "applyEvent"
            made = self.core.record(call, text, facts, self._sequence, self._previous, state)  # type: ignore[arg-type]
            verdict, short = made.verdict, made.hash.hex()[:_HASH_DIGITS]
            self.result.update(verdict.to_json().encode() + b"\n" + made.record + b"\n" + made.hash)
            self._sequence, self._previous = self._sequence + 1, made.hash
            for key, blob in zip(keys or [], made.state or []):
                if len(blob) > 0:
                    self._state[key] = blob
        if verdict.code != line["code"]:
            return f"expected {line['code']}, found {verdict.code}"
        return None if short == line.get("hash") else f"expected the hash {line.get('hash')}, found {short}"


def run(lines: Iterable[str]) -> tuple[dict[str, Any], str | None]:
    """
    The sums, and the first difference or None. Goes on behind a difference, so the sums are those of all lines; ends at a line
    that cannot be played.
    """
    player = Player()
    header: Line = {}
    title = ""
    difference: str | None = None
    for number, text in enumerate(lines, 1):
        try:
            line: Line = json.loads(text)
            title = line.get("title", title)
            if number == 1:
                header = line
            found = player.play(line)
        except Exception as error:
            difference = difference or f"line {number} ({title}): {error!r}"
            break
        if found is not None and difference is None:
            difference = f"line {number} ({title}): {found}"
    sums = {
        "core": player.core.digest.hex(),
        "result": player.result.hexdigest(),
        "decisions": player.decisions,
        "refusals": player.refusals,
    }
    for name, value in sums.items():
        if difference is None and header.get(name) != value:
            difference = f"{name}: expected {header.get(name)}, found {value}"
    return sums, difference


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m faramesh.conformance CORPUS", file=sys.stderr)
        return 2
    with Path(arguments[0]).open(encoding="utf-8", newline="\n") as lines:
        sums, difference = run(lines)
    print(json.dumps({"host": "python", "version": platform.python_version(), **sums}, separators=(",", ":")))
    if difference is not None:
        print(difference, file=sys.stderr)
    return 0 if difference is None else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
