"""Whether enough trusted keys signed exactly this bundle, and whether it is not older than one accepted before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ..refusals import quote, refuse
from .ed25519 import verify_bytes
from .encoding import sha256_hex
from .envelope import PAYLOAD_TYPE, Envelope, decode_envelope, pre_authentication_encoding
from .statement import Statement, check_subject, decode_statement
from .trust_file import TrustFile, trusted_keys_by_id


@dataclass(frozen=True)
class HighestSequence:
    """The newest bundle of a policy that was accepted so far; verification goes forward from it only."""

    sequence: int
    #: Bundle digest, 64 lower-case hexadecimal digits.
    digest: str


class Verified(NamedTuple):
    statement: Statement
    #: Names of the keys that signed, as the trust file calls them, in the envelope's order.
    keys: tuple[str, ...]


def _check_signatures(envelope: Envelope, trust: TrustFile, now_ms: int) -> tuple[str, ...]:
    trusted = trusted_keys_by_id(trust)
    message = pre_authentication_encoding(PAYLOAD_TYPE, envelope.payload)
    names: list[str] = []
    for key_id, signature in envelope.signatures:
        key = trusted.get(key_id)
        if key is None:
            refuse("signature_unknown_key", key_id)
        if not verify_bytes(signature, message, key.public_key):
            refuse("signature_bad", quote(key.name))
        if now_ms < key.not_before_ms:
            refuse("key_not_yet_valid", quote(key.name))
        if not now_ms < key.not_after_ms:
            refuse("key_expired", quote(key.name))
        names.append(key.name)
    if len(names) < trust.threshold:
        refuse("threshold_not_met", f"{len(names)} of {trust.threshold} signatures")
    return tuple(names)


def _check_sequence(statement: Statement, trust: TrustFile, highest: HighestSequence | None) -> None:
    sequence = statement.sequence
    if sequence < trust.minimum_sequence:
        refuse("sequence_below_minimum", f"{sequence}, at least {trust.minimum_sequence}")
    if highest is None:
        return
    if sequence < highest.sequence:
        refuse("sequence_older", f"{sequence} after {highest.sequence}")
    if sequence == highest.sequence and statement.digest != highest.digest:
        refuse("sequence_reused", str(sequence))


def verify(
    bundle: bytes, envelope: bytes, trust: TrustFile, now_ms: int, highest: HighestSequence | None
) -> Verified:
    """
    Every signature in the envelope must be by a trusted key, valid now; one that is not refuses the whole. The payload is
    read only after its signatures have verified. Raises PolicyRefused.
    """
    if type(now_ms) is not int:
        raise TypeError("now_ms must be whole Unix milliseconds")
    if highest is not None and type(highest.sequence) is not int:
        raise TypeError("highest.sequence must be a whole number")
    decoded = decode_envelope(envelope)
    keys = _check_signatures(decoded, trust, now_ms)
    statement = decode_statement(decoded.payload)
    check_subject(statement, sha256_hex(bundle))
    _check_sequence(statement, trust, highest)
    return Verified(statement, keys)


def inspect_envelope(bundle: bytes, envelope: bytes) -> Statement:
    """What an envelope claims, with no key consulted, for insecure loads. A malformed one, or one about another bundle, is refused."""
    statement = decode_statement(decode_envelope(envelope).payload)
    check_subject(statement, sha256_hex(bundle))
    return statement
