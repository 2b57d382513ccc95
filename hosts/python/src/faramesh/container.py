"""The `.fplb` file: one bundle and the envelope over it, and whether it may be used. bundles/container.ts, bundles/load.ts."""

from __future__ import annotations

import struct
from typing import NamedTuple

from .generated.tables import MAX_BUNDLE_BYTES
from .refusals import refuse
from .trust import HighestSequence, TrustFile, inspect_envelope, verify
from .trust.encoding import sha256_hex
from .trust.envelope import MAX_ENVELOPE_BYTES

_MAGIC = b"FPLB"
_VERSION = 1
_HEADER = struct.Struct("<4sIII")


class Loaded(NamedTuple):
    bundle: bytes
    #: SHA-256 of the bundle, hex.
    digest: str
    #: Whether signatures were verified; never true for an insecure load.
    signed: bool
    #: The verified sequence number, or None.
    sequence: int | None
    #: Names of the trusted keys that signed; empty for an insecure load.
    keys: tuple[str, ...]


def decode_container(file: bytes) -> tuple[bytes, bytes | None]:
    """Bundle and envelope, None when the file is unsigned. Codes: those that begin with `container_`."""
    if len(file) >= len(_MAGIC) and file[: len(_MAGIC)] != _MAGIC:
        refuse("container_bad_magic")
    if len(file) < _HEADER.size:
        refuse("container_truncated", f"{len(file)} bytes, the header has {_HEADER.size}")
    _, version, bundle_length, envelope_length = _HEADER.unpack_from(file)
    if version != _VERSION:
        refuse("container_bad_version", str(version))
    if bundle_length > MAX_BUNDLE_BYTES:
        refuse("container_too_large", f"bundle of {bundle_length} bytes")
    if envelope_length > MAX_ENVELOPE_BYTES:
        refuse("container_too_large", f"envelope of {envelope_length} bytes")
    bundle_end = _HEADER.size + bundle_length
    end = bundle_end + envelope_length
    if len(file) < end:
        refuse("container_truncated", f"{len(file)} bytes, the header says {end}")
    if len(file) > end:
        refuse("container_trailing_bytes", f"{len(file)} bytes, the header says {end}")
    return file[_HEADER.size : bundle_end], None if envelope_length == 0 else file[bundle_end:]


def open_signed(file: bytes, trust: TrustFile, now_ms: int, highest: HighestSequence | None) -> Loaded:
    """Container, signatures, sequence. The bundle's own bytes are validated by the core."""
    bundle, envelope = decode_container(file)
    if envelope is None:
        refuse("unsigned")
    statement, keys = verify(bundle, envelope, trust, now_ms, highest)
    return Loaded(bundle, statement.digest, True, statement.sequence, keys)


def open_insecure(file: bytes) -> Loaded:
    """
    Skips keys, threshold, validity and sequence. A malformed container or envelope, and an envelope about another bundle, are
    refused even so.
    """
    bundle, envelope = decode_container(file)
    if envelope is not None:
        inspect_envelope(bundle, envelope)
    return Loaded(bundle, sha256_hex(bundle), False, None, ())
