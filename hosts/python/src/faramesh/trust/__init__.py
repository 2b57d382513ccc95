"""Verifying policy bundles: Ed25519 over a DSSE envelope with an in-toto statement, against a trust file."""

from .trust_file import TrustedKey, TrustFile, parse_trust_file
from .verify import HighestSequence, Verified, inspect_envelope, verify

__all__ = [
    "HighestSequence",
    "TrustFile",
    "TrustedKey",
    "Verified",
    "inspect_envelope",
    "parse_trust_file",
    "verify",
]
