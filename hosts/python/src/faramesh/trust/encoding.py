"""Base64 in one spelling, and texts as JavaScript orders and counts them, on which the formats are defined."""

from __future__ import annotations

import base64
import hashlib
import re

_GROUPS = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


def sha256_hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def from_base64(text: str) -> bytes | None:
    """RFC 4648 section 4, or None: white space, missing padding and set trailing bits (section 3.5) are refused."""
    if _GROUPS.fullmatch(text) is None:
        return None
    data = base64.b64decode(text)
    return data if base64.b64encode(data).decode() == text else None


def utf16_key(text: str) -> bytes:
    """Orders texts by their UTF-16 units, as RFC 8785 does."""
    return text.encode("utf-16-be")


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-be")) // 2
