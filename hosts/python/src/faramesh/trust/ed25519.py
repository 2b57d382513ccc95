"""
Ed25519 as RFC 8032 section 5.1 states it, strictly: S below the group order, canonical points, no small-order key, and
the group equation with the cofactor (section 5.1.7). The same answers as bundles/trust/ed25519.ts gives.

The library checks the equation without the cofactor, which is the stronger one. What it accepts is accepted once points and
scalar are in their one encoding; what it refuses is asked again with the cofactor, which differs only for points with a
small-order part, such as no honest signer makes.
"""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

PUBLIC_BYTES = 32
SIGNATURE_BYTES = 64

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)

#: Extended coordinates X, Y, Z, T (section 5.1.4).
_Point = tuple[int, int, int, int]
_IDENTITY: _Point = (0, 1, 1, 0)


def _decode_point(data: bytes) -> _Point | None:
    """Section 5.1.3, or None where the bytes are no point or not its one encoding."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= _P:
        return None
    u, v = (y * y - 1) % _P, (_D * y * y + 1) % _P
    x = u * pow(v, 3, _P) * pow(u * pow(v, 7, _P), (_P - 5) // 8, _P) % _P
    if v * x * x % _P != u:
        x = x * _ROOT_OF_MINUS_ONE % _P
        if v * x * x % _P != u:
            return None
    if x == 0 and sign == 1:
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


def _add(left: _Point, right: _Point) -> _Point:
    """Section 5.1.4; complete, so it doubles too."""
    x1, y1, z1, t1 = left
    x2, y2, z2, t2 = right
    a, b = (y1 - x1) * (y2 - x2) % _P, (y1 + x1) * (y2 + x2) % _P
    c, d = 2 * t1 * t2 * _D % _P, 2 * z1 * z2 % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _negative(point: _Point) -> _Point:
    x, y, z, t = point
    return -x % _P, y, z, -t % _P


def _multiply(scalar: int, point: _Point) -> _Point:
    product = _IDENTITY
    while scalar > 0:
        if scalar & 1:
            product = _add(product, point)
        point = _add(point, point)
        scalar >>= 1
    return product


def _is_small_order(point: _Point) -> bool:
    x, y, z, _ = _multiply(8, point)
    return x == 0 and y == z


_base = _decode_point((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))
assert _base is not None
_BASE: _Point = _base


def is_usable_public_key(data: bytes) -> bool:
    """Whether the bytes are a key that could ever verify: a canonical point of more than small order."""
    if len(data) != PUBLIC_BYTES:
        return False
    point = _decode_point(data)
    return point is not None and not _is_small_order(point)


def verify_bytes(signature: bytes, message: bytes, public_key: bytes) -> bool:
    """True only for a signature of `message` by that key; wrong lengths are false."""
    if len(signature) != SIGNATURE_BYTES or len(public_key) != PUBLIC_BYTES:
        return False
    key, commitment = _decode_point(public_key), _decode_point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or scalar >= _ORDER or _is_small_order(key):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
        return True
    except InvalidSignature:
        return _holds_with_cofactor(signature[:32] + public_key + message, key, commitment, scalar)


def _holds_with_cofactor(hashed: bytes, key: _Point, commitment: _Point, scalar: int) -> bool:
    """[8][S]B = [8]R + [8][k]A', section 5.1.7."""
    challenge = int.from_bytes(hashlib.sha512(hashed).digest(), "little") % _ORDER
    right = _add(commitment, _multiply(challenge, key))
    return _is_small_order(_add(_multiply(scalar, _BASE), _negative(right)))
