"""
What is signed: an in-toto Statement v1 about one bundle or one policy source, as canonical JSON. Every object is closed, and a
name in `critical` that is not known is refused before the rest of the predicate is read. bundles/trust/statement.ts has the form.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ..generated.tables import ABI_VERSION
from ..refusals import quote, refuse
from .document import DocumentCodes, Fields, Json, parse_canonical
from .encoding import utf16_key, utf16_length

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
#: What a statement can be about. The two never stand for each other.
PREDICATE_TYPES = {
    "https://faramesh.dev/policy-bundle/v1": "bundle",
    "https://faramesh.dev/policy-source/v1": "source",
}
PREDICATE_FIELDS = ("abi", "compiler", "critical", "sequence", "sources")
_MAX_STATEMENT_BYTES = 786_432
_MAX_NAME_LENGTH = 1_024

_CODES = DocumentCodes("statement_malformed", "statement_unknown_field")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_PRINTABLE = re.compile("[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+")


class Statement(NamedTuple):
    #: `bundle` or `source`.
    kind: str
    #: SHA-256 of the bundle or source, 64 lower-case hexadecimal digits.
    digest: str
    abi: int
    #: Whole number from 0; a policy's bundles count up.
    sequence: int


def _read_name(fields: Fields, name: str) -> str:
    text = fields.string(name)
    if utf16_length(text) <= _MAX_NAME_LENGTH and _PRINTABLE.fullmatch(text) is not None:
        return text
    fields.fail(name, f"1 to {_MAX_NAME_LENGTH} printable characters")


def _read_digest(fields: Fields) -> str:
    digest = fields.string("sha256")
    return digest if _DIGEST.fullmatch(digest) else fields.fail("sha256", "64 lower-case hexadecimal digits")


def _read_subject(found: list[Json], kind: str) -> str:
    if len(found) != 1:
        refuse(_CODES.malformed, "`subject` must be a list of one")
    subject = Fields(found[0], "subject", ("digest", "name"), _CODES)
    subject.constant("name", kind)
    return _read_digest(Fields(subject.value("digest"), "digest", ("sha256",), _CODES))


def _check_sources(found: list[Json]) -> None:
    names: list[str] = []
    for value in found:
        fields = Fields(value, "sources", ("name", "sha256"), _CODES)
        names.append(_read_name(fields, "name"))
        _read_digest(fields)
    for before, after in zip(names, names[1:]):
        if utf16_key(before) >= utf16_key(after):
            refuse(_CODES.malformed, f"`sources` must be in order of name, each once, at {quote(after)}")


def _check_critical(predicate: Json) -> None:
    found = predicate.get("critical") if isinstance(predicate, dict) else None
    if not isinstance(found, list):
        refuse(_CODES.malformed, "`critical` in `predicate` must be a list")
    before: str | None = None
    for name in found:
        if not isinstance(name, str):
            refuse(_CODES.malformed, "`critical` must hold field names")
        if name not in PREDICATE_FIELDS:
            refuse("critical_unknown", quote(name))
        if before is not None and before >= name:
            refuse(_CODES.malformed, "`critical` must be in order, each name once")
        before = name


def decode_statement(data: bytes) -> Statement:
    """Raises PolicyRefused for anything but the one encoding of a statement."""
    value = parse_canonical(data, _MAX_STATEMENT_BYTES, _CODES.malformed)
    fields = Fields(value, "statement", ("_type", "predicate", "predicateType", "subject"), _CODES)
    kind = PREDICATE_TYPES.get(fields.string("predicateType"))
    if fields.string("_type") != STATEMENT_TYPE or kind is None:
        refuse("statement_type_wrong")
    _check_critical(fields.value("predicate"))
    predicate = Fields(fields.value("predicate"), "predicate", PREDICATE_FIELDS, _CODES)
    compiler = Fields(predicate.value("compiler"), "compiler", ("name", "version"), _CODES)
    digest = _read_subject(fields.list("subject"), kind)
    abi = predicate.integer("abi", 0)
    _read_name(compiler, "name")
    _read_name(compiler, "version")
    sequence = predicate.integer("sequence", 0)
    _check_sources(predicate.list("sources"))
    return Statement(kind, digest, abi, sequence)


def check_subject(statement: Statement, digest: str) -> None:
    """What must hold of a bundle's statement whoever signed it."""
    if statement.kind != "bundle":
        refuse("statement_type_wrong", f"about a {statement.kind}, not a bundle")
    if statement.digest != digest:
        refuse("digest_mismatch", f"signed {statement.digest}, got {digest}")
    if statement.abi != ABI_VERSION:
        refuse("abi_mismatch", f"{statement.abi}, this core has {ABI_VERSION}")
