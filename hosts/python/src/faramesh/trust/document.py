"""Strict reading of the JSON that trust documents are made of. The same limits and refusals as bundles/trust/json.ts."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple, NoReturn, Union

from ..refusals import quote, refuse
from .encoding import utf16_key

#: No fractions, no exponents.
Json = Union[None, bool, int, str, "list[Any]", "dict[str, Any]"]

_MAX_DEPTH = 16
_MAX_SAFE_INTEGER = 2**53 - 1
_LITERALS: tuple[tuple[str, bool | None], ...] = (("null", None), ("true", True), ("false", False))
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_NUMBER = re.compile(r"-?[0-9][0-9.eE+-]*")
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,15}")
_SURROGATE = re.compile("[\ud800-\udfff]")


class DocumentCodes(NamedTuple):
    """Which refusals a document's own faults are reported as."""

    malformed: str
    unknown_field: str


class _Reader:
    def __init__(self, text: str, malformed: str) -> None:
        self.text = text
        self.malformed = malformed
        self.at = 0

    def fail(self, what: str) -> NoReturn:
        before = self.text[: self.at].split("\n")
        refuse(self.malformed, f"line {len(before)}, column {len(before[-1]) + 1}: {what}")

    def skip_space(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in " \t\r\n":
            self.at += 1

    def take(self, symbol: str) -> bool:
        """Takes `symbol` if it comes next after white space."""
        self.skip_space()
        if not self.text.startswith(symbol, self.at):
            return False
        self.at += 1
        return True

    def value(self, depth: int) -> Json:
        if depth > _MAX_DEPTH:
            self.fail(f"nested deeper than {_MAX_DEPTH}")
        self.skip_space()
        symbol = self.text[self.at : self.at + 1]
        if symbol == "{":
            return self.object(depth)
        if symbol == "[":
            return self.list(depth)
        if symbol == '"':
            return self.string()
        for word, value in _LITERALS:
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return value
        return self.integer()

    def object(self, depth: int) -> dict[str, Json]:
        fields: dict[str, Json] = {}
        self.take("{")
        if self.take("}"):
            return fields
        while True:
            self.skip_space()
            if not self.text.startswith('"', self.at):
                self.fail("expected a field name")
            start = self.at
            name = self.string()
            if name in fields:
                self.at = start
                self.fail(f"field {quote(name)} appears twice")
            if not self.take(":"):
                self.fail("expected `:`")
            fields[name] = self.value(depth + 1)
            if not self.take(","):
                break
        if not self.take("}"):
            self.fail("expected `,` or `}`")
        return fields

    def list(self, depth: int) -> list[Json]:
        elements: list[Json] = []
        self.take("[")
        if self.take("]"):
            return elements
        elements.append(self.value(depth + 1))
        while self.take(","):
            elements.append(self.value(depth + 1))
        if not self.take("]"):
            self.fail("expected `,` or `]`")
        return elements

    def string(self) -> str:
        match = _STRING.match(self.text, self.at)
        if match is None:
            self.fail("a string does not end, or holds a control character or an unknown escape")
        value: str = json.loads(match[0])
        if _SURROGATE.search(value) is not None:
            self.fail("a string holds half of a surrogate pair")
        self.at = match.end()
        return value

    def integer(self) -> int:
        match = _NUMBER.match(self.text, self.at)
        if match is None:
            self.fail("expected a value")
        exact = _INTEGER.fullmatch(match[0]) is not None
        if not exact or abs(int(match[0])) > _MAX_SAFE_INTEGER:
            self.fail(f"{quote(match[0])} is not a whole number between -(2^53 - 1) and 2^53 - 1")
        self.at = match.end()
        return int(match[0])


def parse_json(data: bytes, max_bytes: int, malformed: str) -> Json:
    """One JSON value and nothing after it. Refuses duplicate keys, invalid UTF-8, a byte order mark and inexact numbers."""
    if len(data) > max_bytes:
        refuse(malformed, f"longer than {max_bytes} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        refuse(malformed, "not valid UTF-8")
    reader = _Reader(text, malformed)
    value = reader.value(1)
    reader.skip_space()
    if reader.at != len(text):
        reader.fail("expected the end of the text")
    return value


def print_canonical(value: Json) -> str:
    """RFC 8785 for the values above: names in UTF-16 order, no white space."""
    if isinstance(value, dict):
        names = sorted(value, key=utf16_key)
        return "{" + ",".join(f"{print_canonical(name)}:{print_canonical(value[name])}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(print_canonical, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def parse_canonical(data: bytes, max_bytes: int, malformed: str) -> Json:
    """As `parse_json`, and the bytes must be the canonical ones, so that a value has exactly one encoding."""
    value = parse_json(data, max_bytes, malformed)
    if print_canonical(value).encode() != data:
        refuse(malformed, "not in canonical form (RFC 8785: sorted names, no white space, shortest escapes)")
    return value


class Fields:
    """One closed object of a document: each field is named, typed and read; another field is refused."""

    def __init__(self, value: Json, place: str, names: tuple[str, ...], codes: DocumentCodes) -> None:
        if not isinstance(value, dict):
            refuse(codes.malformed, f"{quote(place)} must be an object")
        for name in value:
            if name not in names:
                refuse(codes.unknown_field, f"{quote(name)} in {quote(place)}")
        self._fields: dict[str, Json] = value
        self._place = place
        self._codes = codes

    def has(self, name: str) -> bool:
        return name in self._fields

    def fail(self, name: str, expected: str) -> NoReturn:
        refuse(self._codes.malformed, f"`{name}` in {quote(self._place)} must be {expected}")

    def value(self, name: str) -> Json:
        if name not in self._fields:
            refuse(self._codes.malformed, f"`{name}` is missing in {quote(self._place)}")
        return self._fields[name]

    def string(self, name: str) -> str:
        value = self.value(name)
        return value if isinstance(value, str) else self.fail(name, "a string")

    def integer(self, name: str, least: int | None = None) -> int:
        value = self.value(name)
        # A boolean is an integer to Python.
        if isinstance(value, int) and not isinstance(value, bool) and (least is None or value >= least):
            return value
        self.fail(name, "a whole number" if least is None else f"a whole number of at least {least}")

    def list(self, name: str) -> list[Json]:
        value = self.value(name)
        return value if isinstance(value, list) else self.fail(name, "a list")

    def constant(self, name: str, expected: str | int) -> None:
        value = self.value(name)
        if type(value) is not type(expected) or value != expected:
            self.fail(name, f"`{expected}`")
