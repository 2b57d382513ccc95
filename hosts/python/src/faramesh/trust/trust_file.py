"""The trust file: which keys may sign policy, from when to when, and how many of them must. bundles/trust/trust-file.ts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..refusals import quote, refuse
from .document import DocumentCodes, Fields, Json, parse_json
from .ed25519 import is_usable_public_key
from .encoding import from_base64, sha256_hex
from .instant import parse_instant

_TRUST_FILE_VERSION = 1
_MAX_TRUST_FILE_BYTES = 262_144
_MAX_SAFE_INTEGER = 2**53 - 1
_CODES = DocumentCodes("trust_malformed", "trust_unknown_field")
_KEY_NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")


@dataclass(frozen=True)
class TrustedKey:
    name: str
    #: 32 bytes.
    public_key: bytes
    #: Unix milliseconds; a signature counts while `not_before_ms <= now < not_after_ms`.
    not_before_ms: int
    not_after_ms: int


@dataclass(frozen=True)
class TrustFile:
    #: How many distinct keys must have signed, 1 to the number of keys.
    threshold: int
    keys: tuple[TrustedKey, ...]
    #: No bundle below this sequence number is accepted.
    minimum_sequence: int = 0


def _read_instant(fields: Fields, name: str) -> int:
    instant = parse_instant(fields.string(name))
    return instant if instant is not None else fields.fail(name, "a time like `2027-01-31T00:00:00Z`")


def _read_key(value: Json) -> TrustedKey:
    fields = Fields(value, "keys", ("name", "public", "not_before", "not_after"), _CODES)
    name = fields.string("name")
    if _KEY_NAME.fullmatch(name) is None:
        fields.fail("name", "1 to 64 of [A-Za-z0-9._@-]")
    public_key = from_base64(fields.string("public"))
    if public_key is None:
        fields.fail("public", "padded standard base64")
    return TrustedKey(name, public_key, _read_instant(fields, "not_before"), _read_instant(fields, "not_after"))


def trusted_keys_by_id(trust: TrustFile) -> dict[str, TrustedKey]:
    """A trust file's keys by the SHA-256 of each. Refuses one that breaks a rule, also when it was made by hand."""
    keys: dict[str, TrustedKey] = {}
    names: set[str] = set()
    for key in trust.keys:
        if not is_usable_public_key(key.public_key):
            refuse("trust_key_invalid", quote(key.name))
        if not key.not_before_ms < key.not_after_ms:
            refuse(_CODES.malformed, f"`not_before` of {quote(key.name)} must be before its `not_after`")
        key_id = sha256_hex(key.public_key)
        if key_id in keys or key.name in names:
            refuse("trust_duplicate_key", quote(key.name))
        keys[key_id] = key
        names.add(key.name)
    if not 1 <= trust.threshold <= len(keys):
        refuse("trust_threshold_invalid", f"{trust.threshold} with {len(keys)} keys")
    if not 0 <= trust.minimum_sequence <= _MAX_SAFE_INTEGER:
        refuse(_CODES.malformed, "`minimum_sequence` must be a whole number of at least 0")
    return keys


def parse_trust_file(data: bytes) -> TrustFile:
    """Raises PolicyRefused with a code that begins with `trust_`."""
    value = parse_json(data, _MAX_TRUST_FILE_BYTES, _CODES.malformed)
    fields = Fields(value, "trust file", ("version", "threshold", "keys", "minimum_sequence"), _CODES)
    fields.constant("version", _TRUST_FILE_VERSION)
    threshold = fields.integer("threshold")
    keys = tuple(_read_key(one) for one in fields.list("keys"))
    minimum = fields.integer("minimum_sequence", 0) if fields.has("minimum_sequence") else 0
    trust = TrustFile(threshold, keys, minimum)
    trusted_keys_by_id(trust)
    return trust
