"""
DSSE v1 envelope in exactly one encoding (RFC 8785, base64 standard and padded); signatures ascend by `keyid`. The bytes are
described in bundles/trust/envelope.ts.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ..refusals import refuse
from .document import DocumentCodes, Fields, Json, parse_canonical
from .ed25519 import SIGNATURE_BYTES
from .encoding import from_base64

PAYLOAD_TYPE = "application/vnd.in-toto+json"
MAX_ENVELOPE_BYTES = 1_048_576
MAX_SIGNATURES = 64

_CODES = DocumentCodes("envelope_malformed", "envelope_unknown_field")
_KEY_ID = re.compile(r"[0-9a-f]{64}")


class Signature(NamedTuple):
    #: 64 hexadecimal digits; only a hint until the signature has verified under a trusted key of this id.
    key_id: str
    signature: bytes


class Envelope(NamedTuple):
    payload: bytes
    signatures: list[Signature]


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """DSSE v1: what is signed."""
    return f"DSSEv1 {len(payload_type.encode())} {payload_type} {len(payload)} ".encode() + payload


def _read_signature(value: Json) -> Signature:
    fields = Fields(value, "signatures", ("keyid", "sig"), _CODES)
    key_id = fields.string("keyid")
    if _KEY_ID.fullmatch(key_id) is None:
        fields.fail("keyid", "64 lower-case hexadecimal digits")
    signature = from_base64(fields.string("sig"))
    if signature is None or len(signature) != SIGNATURE_BYTES:
        fields.fail("sig", f"{SIGNATURE_BYTES} bytes in padded standard base64")
    return Signature(key_id, signature)


def decode_envelope(data: bytes) -> Envelope:
    """Raises PolicyRefused for anything but the one encoding of an envelope with at least one signature."""
    value = parse_canonical(data, MAX_ENVELOPE_BYTES, _CODES.malformed)
    fields = Fields(value, "envelope", ("payload", "payloadType", "signatures"), _CODES)
    if fields.string("payloadType") != PAYLOAD_TYPE:
        refuse("payload_type_wrong")
    payload = from_base64(fields.string("payload"))
    if payload is None:
        fields.fail("payload", "padded standard base64")
    found = fields.list("signatures")
    if len(found) == 0:
        refuse("signature_missing")
    if len(found) > MAX_SIGNATURES:
        fields.fail("signatures", f"a list of at most {MAX_SIGNATURES}")
    signatures = [_read_signature(one) for one in found]
    for before, after in zip(signatures, signatures[1:]):
        if before.key_id == after.key_id:
            refuse("signature_duplicate", after.key_id)
        if before.key_id > after.key_id:
            fields.fail("signatures", "in order of `keyid`")
    return Envelope(payload, signatures)
