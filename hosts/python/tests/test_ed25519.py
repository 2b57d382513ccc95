from __future__ import annotations

import json
from typing import Any

import pytest
from making import ROOT, key_of

from faramesh.trust import ed25519
from faramesh.trust.ed25519 import is_usable_public_key, verify_bytes

ORDER = 2**252 + 27742317777372353535851937790883648493
#: With the answers of the TypeScript side.
STRICT = ROOT / "tests" / "trust" / "strict-signatures.json"
WYCHEPROOF = ROOT.parent / "shared" / "data" / "ed25519" / "ed25519_test.json"


def test_rfc_8032_section_7_1() -> None:
    key = bytes.fromhex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")
    signature = bytes.fromhex(
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    )
    assert verify_bytes(signature, b"\xaf\x82", key)
    assert not verify_bytes(signature, b"\xaf\x83", key)
    assert not verify_bytes(signature[1:], b"\xaf\x82", key)
    assert not verify_bytes(signature, b"\xaf\x82", key[1:])


@pytest.mark.skipif(not WYCHEPROOF.exists(), reason="the data folder is absent")
def test_wycheproof() -> None:
    wrong = []
    for group in json.loads(WYCHEPROOF.read_text())["testGroups"]:
        key = bytes.fromhex(group["publicKey"]["pk"])
        for vector in group["tests"]:
            verified = verify_bytes(bytes.fromhex(vector["sig"]), bytes.fromhex(vector["msg"]), key)
            if verified != (vector["result"] == "valid"):
                wrong.append((vector["tcId"], vector["comment"]))
    assert wrong == []


def test_s_plus_the_group_order_is_not_a_second_signature() -> None:
    key = key_of(1)
    signature = key.sign(b"message")
    scalar = int.from_bytes(signature[32:], "little") + ORDER
    assert verify_bytes(signature, b"message", key.public_key().public_bytes_raw())
    second = signature[:32] + scalar.to_bytes(32, "little")
    assert not verify_bytes(second, b"message", key.public_key().public_bytes_raw())


@pytest.mark.parametrize(
    "key",
    [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "0200000000000000000000000000000000000000000000000000000000000000",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f70751",
    ],
)
def test_keys_that_could_sign_anything(key: str) -> None:
    assert not is_usable_public_key(bytes.fromhex(key))


def test_the_equation_alone_agrees_with_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the library accepts, the equation with the cofactor accepts too; and a changed message neither."""
    asked: list[Any] = []
    whole = ed25519._holds_with_cofactor

    def noting(*given: Any) -> bool:
        asked.append(given)
        return whole(*given)

    monkeypatch.setattr(ed25519, "_holds_with_cofactor", noting)
    for number in range(1, 9):
        key = key_of(number)
        public = key.public_key().public_bytes_raw()
        signature = key.sign(b"message")
        assert verify_bytes(signature, b"message", public) and asked == []
        point, commitment = ed25519._decode_point(public), ed25519._decode_point(signature[:32])
        assert point is not None and commitment is not None
        scalar = int.from_bytes(signature[32:], "little")
        assert whole(signature[:32] + public + b"message", point, commitment, scalar)
        assert not verify_bytes(signature, b"massage", public) and len(asked) == 1
        asked.clear()


def strict() -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads(STRICT.read_text())
    return cases


@pytest.mark.parametrize("case", strict(), ids=lambda case: str(case["title"]))
def test_answers_as_the_typescript_side_does(case: dict[str, Any]) -> None:
    key = bytes.fromhex(case["key"])
    assert is_usable_public_key(key) is case["usable"]
    assert verify_bytes(bytes.fromhex(case["signature"]), bytes.fromhex(case["message"]), key) is case["verifies"]


def test_the_table_reaches_every_difference() -> None:
    assert {(case["usable"], case["verifies"]) for case in strict()} == {(True, True), (True, False), (False, False)}
