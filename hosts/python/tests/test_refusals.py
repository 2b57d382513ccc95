"""One line per way to be refused. The whole list, shared with every host, is in the conformance corpus."""

from __future__ import annotations

import json
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from making import (
    NOW_MS,
    base64_of,
    canonical,
    container_of,
    envelope_of,
    key_of,
    signed,
    statement_of,
    trust_of,
)

from faramesh import Engine, HighestSequence, PolicyRefused, parse_trust_file
from faramesh.container import open_signed
from faramesh.instance import CoreFailed, Instance
from faramesh.trust.instant import parse_instant

FIRST, SECOND, THIRD = key_of(1), key_of(2), key_of(3)
BUNDLE = b"any bytes serve as a bundle here"
GOOD = signed(BUNDLE, 7, FIRST)
TRUST = trust_of(FIRST)


def code_of(
    file: bytes, trust: bytes = TRUST, now_ms: int = NOW_MS, highest: HighestSequence | None = None
) -> str:
    """The code of the refusal, or `ok`."""
    try:
        open_signed(file, parse_trust_file(trust), now_ms, highest)
        return "ok"
    except PolicyRefused as refused:
        assert refused.help != "" and refused.code in str(refused)
        return refused.code


def envelope_edited(edit: Callable[[dict[str, Any]], object], *keys: Any) -> bytes:
    envelope = json.loads(envelope_of(canonical(statement_of(BUNDLE, 7)), *(keys or (FIRST,))))
    edit(envelope)
    return container_of(BUNDLE, canonical(envelope))


def statement_edited(edit: Callable[[dict[str, Any]], object]) -> bytes:
    statement = statement_of(BUNDLE, 7)
    edit(statement)
    return container_of(BUNDLE, envelope_of(canonical(statement), FIRST))


def trust_edited(edit: Callable[[dict[str, Any]], object], trust: bytes = TRUST) -> bytes:
    file = json.loads(trust)
    edit(file)
    return json.dumps(file).encode()


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (GOOD, "ok"),
        (b"", "container_truncated"),
        (GOOD[:9], "container_truncated"),
        (GOOD[:-1], "container_truncated"),
        (GOOD + b"\0", "container_trailing_bytes"),
        (b"FPLC" + GOOD[4:], "container_bad_magic"),
        (GOOD[:4] + b"\2" + GOOD[5:], "container_bad_version"),
        (GOOD[:11] + b"\xff" + GOOD[12:], "container_too_large"),
        (GOOD[:15] + b"\xff" + GOOD[16:], "container_too_large"),
        (container_of(BUNDLE), "unsigned"),
        (container_of(BUNDLE, b"envelope"), "envelope_malformed"),
        (container_of(BUNDLE, b"\xef\xbb\xbf{}"), "envelope_malformed"),
        (container_of(BUNDLE, GOOD[16 + len(BUNDLE) :] + b"\n"), "envelope_malformed"),
        (envelope_edited(lambda e: e.update(payload="e30")), "envelope_malformed"),
        (envelope_edited(lambda e: e.update(payload="e31=")), "envelope_malformed"),
        (envelope_edited(lambda e: e.pop("payload")), "envelope_malformed"),
        (envelope_edited(lambda e: e.update(also=1)), "envelope_unknown_field"),
        (envelope_edited(lambda e: e.update(payloadType="text/plain")), "payload_type_wrong"),
        (envelope_edited(lambda e: e["signatures"].clear()), "signature_missing"),
        (envelope_edited(lambda e: e["signatures"].append(e["signatures"][0])), "signature_duplicate"),
        (envelope_edited(lambda e: e["signatures"][0].update(sig="AAAA")), "envelope_malformed"),
        (envelope_edited(lambda e: e["signatures"][0].update(sig=base64_of(bytes(64)))), "signature_bad"),
        (envelope_edited(lambda e: e["signatures"][0].update(keyid="A" * 64)), "envelope_malformed"),
        (envelope_edited(lambda e: e["signatures"].reverse(), FIRST, SECOND), "envelope_malformed"),
        (signed(BUNDLE, 7, SECOND), "signature_unknown_key"),
        (signed(BUNDLE, 7, FIRST, SECOND), "signature_unknown_key"),
        (statement_edited(lambda s: s.update(_type="x")), "statement_type_wrong"),
        (statement_edited(lambda s: s.update(also=1)), "statement_unknown_field"),
        (statement_edited(lambda s: s["predicate"].update(also=1)), "statement_unknown_field"),
        (statement_edited(lambda s: s["predicate"].update(critical=["abi", "x"])), "critical_unknown"),
        (statement_edited(lambda s: s["predicate"].update(critical=["abi", "abi"])), "statement_malformed"),
        (statement_edited(lambda s: s["predicate"].update(abi=3)), "abi_mismatch"),
        (statement_edited(lambda s: s["predicate"].update(abi=True)), "statement_malformed"),
        (statement_edited(lambda s: s["predicate"].update(sequence=-1)), "statement_malformed"),
        (statement_edited(lambda s: s["predicate"].update(sequence=2**53)), "statement_malformed"),
        (statement_edited(lambda s: s["subject"][0]["digest"].update(sha256="0" * 64)), "digest_mismatch"),
        (statement_edited(lambda s: s["predicate"]["compiler"].update(name="a\n")), "statement_malformed"),
        (statement_edited(lambda s: s["predicate"]["compiler"].update(name="😀" * 512)), "ok"),
        (statement_edited(lambda s: s["predicate"]["compiler"].update(name="😀" * 513)), "statement_malformed"),
    ],
)
def test_a_file_is_refused(file: bytes, code: str) -> None:
    assert code_of(file) == code


KEY: dict[str, Any] = json.loads(TRUST)["keys"][0]


@pytest.mark.parametrize(
    ("trust", "code"),
    [
        (b" " * 262_145, "trust_malformed"),
        (b"{}", "trust_malformed"),
        (TRUST.replace(b"{", b'{"version":1,', 1), "trust_malformed"),
        (TRUST.replace(b'"version": 1', b'"version": 1.0'), "trust_malformed"),
        (TRUST.replace(b'"version": 1', b'"version": true'), "trust_malformed"),
        (TRUST.replace(b'"threshold": 1', b'"threshold": -0'), "trust_malformed"),
        (TRUST.replace(b'"threshold": 1', b'"threshold": true'), "trust_malformed"),
        (TRUST.replace(b'"threshold": 1', b'"threshold": ' + b"1" * 5_000), "trust_malformed"),
        (TRUST.replace(b'"threshold": 1', b'"threshold": ' + b"[" * 17 + b"]" * 17), "trust_malformed"),
        (TRUST.replace(b"key-0", b"key-\\u 30"), "trust_malformed"),
        (TRUST.replace(b"key-0", b"key-\\ud800"), "trust_malformed"),
        (TRUST.replace(b"key-0", "k\u0665".encode()), "trust_malformed"),
        (TRUST.replace(b"2027-01-01", "202\u0667-01-01".encode()), "trust_malformed"),
        (TRUST.replace(b"2027-01-01T", b"2027-02-29T"), "trust_malformed"),
        (TRUST.replace(b"2027-01-01T", b"2028-01-01T"), "trust_malformed"),
        (trust_edited(lambda t: t.update(also=1)), "trust_unknown_field"),
        (trust_edited(lambda t: t.update(keys=[])), "trust_threshold_invalid"),
        (trust_edited(lambda t: t.update(threshold=2)), "trust_threshold_invalid"),
        (trust_edited(lambda t: t.update(minimum_sequence=8)), "sequence_below_minimum"),
        (trust_edited(lambda t: t.update(minimum_sequence=None)), "trust_malformed"),
        (trust_edited(lambda t: t.update(keys=[KEY, {**KEY, "name": "again"}])), "trust_duplicate_key"),
        (trust_edited(lambda t: t["keys"][0].update(public=base64_of(bytes(32)))), "trust_key_invalid"),
        (trust_edited(lambda t: t["keys"][0].update(public=base64_of(bytes(31)))), "trust_key_invalid"),
        (trust_edited(lambda t: t["keys"][0].update(name="key-0\n")), "trust_malformed"),
    ],
)
def test_a_trust_file_is_refused(trust: bytes, code: str) -> None:
    assert code_of(GOOD, trust) == code


def test_validity_threshold_and_sequence() -> None:
    start, end = parse_instant("2027-01-01T00:00:00Z"), parse_instant("2028-01-01T00:00:00Z")
    assert start is not None and end is not None
    assert [code_of(GOOD, now_ms=at) for at in (start - 1, start, end - 1, end)] == [
        "key_not_yet_valid",
        "ok",
        "ok",
        "key_expired",
    ]
    two = trust_of(FIRST, SECOND, threshold=2)
    assert code_of(GOOD, two) == "threshold_not_met"
    assert code_of(signed(BUNDLE, 7, FIRST, SECOND), two) == "ok"
    digest = statement_of(BUNDLE, 7)["subject"][0]["digest"]["sha256"]
    assert code_of(GOOD, highest=HighestSequence(8, digest)) == "sequence_older"
    assert code_of(GOOD, highest=HighestSequence(7, "0" * 64)) == "sequence_reused"
    assert code_of(GOOD, highest=HighestSequence(7, digest)) == "ok"


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("0000-02-29T00:00:00Z", -62_162_121_600_000),
        ("9999-12-31T23:59:59Z", 253_402_300_799_000),
        ("1900-02-29T00:00:00Z", None),
        ("2027-01-01T24:00:00Z", None),
        ("2027-01-01T00:00:60Z", None),
        ("2027-00-01T00:00:00Z", None),
        ("2027-01-01T00:00:00Z\n", None),
    ],
)
def test_instants(text: str, instant: int | None) -> None:
    assert parse_instant(text) == instant


def test_the_core_refuses_what_was_signed(bundle: bytes) -> None:
    longer = bundle + bytes(8)
    for damaged, code in ((b"XXXX" + bundle[4:], "bad_magic"), (longer, "bad_length"), (BUNDLE, "bad_length")):
        with pytest.raises(PolicyRefused) as refused:
            Engine.load(signed(damaged, 1, FIRST), TRUST, now_ms=lambda: NOW_MS)
        assert (refused.value.code, refused.value.core_code) == ("bundle_refused", code)
        assert refused.value.message.startswith("the core refuses the bundle: ")
        assert refused.value.message.endswith(f" ({code})")
        copied = pickle.loads(pickle.dumps(refused.value))
        assert vars(copied) == vars(refused.value) and str(copied) == str(refused.value)


def test_a_core_that_traps_refuses_the_bundle(bundle: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def trap(*_: object) -> int:
        raise CoreFailed("the core trapped")

    monkeypatch.setattr(Instance, "load", trap)
    with pytest.raises(PolicyRefused) as refused:
        Engine.load(signed(bundle, 1, FIRST), TRUST, now_ms=lambda: NOW_MS)
    assert (refused.value.code, refused.value.core_code) == ("bundle_refused", "engine_trap")


def test_what_others_refuse_has_no_code_of_the_core() -> None:
    with pytest.raises(PolicyRefused) as refused:
        Engine.load(GOOD[:-1], insecure=True)
    assert refused.value.core_code is None


def test_trust_or_insecure() -> None:
    for arguments in ({}, {"trust": TRUST, "insecure": True}):
        with pytest.raises(TypeError, match="trust"):
            Engine.load(GOOD, **arguments)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="state_file"):
        Engine.load(GOOD, insecure=True, state_file="state")


def test_an_insecure_engine_says_so(bundle: bytes) -> None:
    engine = Engine.load(signed(bundle, 7, SECOND), insecure=True)
    assert (engine.identity.signed, engine.identity.sequence, engine.identity.keys) == (False, None, ())
    made = engine.decide_recorded("{}", sequence=0, previous=bytes(32))
    assert json.loads(made.record)["signed"] is False
    other = container_of(bundle, envelope_of(canonical(statement_of(b"another", 7)), FIRST))
    with pytest.raises(PolicyRefused) as refused:
        Engine.load(other, insecure=True)
    assert refused.value.code == "digest_mismatch"


def test_files_and_paths(tmp_path: Path, bundle: bytes) -> None:
    policy, trust = tmp_path / "policy.fplb", tmp_path / "trust.json"
    policy.write_bytes(signed(bundle, 7, FIRST))
    trust.write_bytes(TRUST)
    engine = Engine.load(policy, str(trust), now_ms=lambda: NOW_MS)
    assert engine.identity.keys == ("key-0",) and engine.identity.sequence == 7
    for source, trusted in ((tmp_path / "none", trust), (policy, tmp_path), ("\0", trust)):
        with pytest.raises(PolicyRefused) as refused:
            Engine.load(source, trusted)
        assert refused.value.code == "file_unreadable"


def test_reload_keeps_the_old_on_refusal(engine: Engine, bundle: bytes, other_bundle: bytes) -> None:
    action = {"agent": "shop", "tool": "stripe/refund", "args": {"amount": 20}}
    identity = engine.identity
    for file, code in (
        (signed(other_bundle, 6, FIRST), "sequence_older"),
        (signed(other_bundle, 7, FIRST), "sequence_reused"),
        (signed(other_bundle, 8, SECOND), "signature_unknown_key"),
        (signed(b"FPLC" + bytes(len(bundle)), 9, FIRST), "bundle_refused"),
    ):
        with pytest.raises(PolicyRefused) as refused:
            engine.reload(file)
        assert refused.value.code == code
        assert engine.identity is identity and engine.decide(action).permitted
    assert engine.reload(signed(other_bundle, 8, FIRST)).sequence == 8
    assert not engine.decide(action).permitted
    with pytest.raises(PolicyRefused):
        engine.reload(signed(bundle, 7, FIRST))


def test_the_state_file_closes_the_way_back(state_path: Path, bundle: bytes, other_bundle: bytes) -> None:
    def load(sequence: int, of: bytes = bundle) -> Engine:
        return Engine.load(signed(of, sequence, FIRST), TRUST, state_file=state_path, now_ms=lambda: NOW_MS)

    digest = load(7).identity.bundle
    line = f'{{"digest":"{digest}","sequence":7,"version":1}}\n'
    assert state_path.read_text() == line
    assert [entry.name for entry in state_path.parent.iterdir()] == [state_path.name]
    load(7)
    for sequence, of, code in ((6, bundle, "sequence_older"), (7, other_bundle, "sequence_reused")):
        with pytest.raises(PolicyRefused) as refused:
            load(sequence, of)
        assert refused.value.code == code
    load(9)
    assert '"sequence":9' in state_path.read_text()
    for text in (line[:-1], line.replace("7", "07"), line + line, line.replace("7", "9" * 16), ""):
        state_path.write_text(text)
        with pytest.raises(PolicyRefused) as refused:
            load(9)
        assert refused.value.code == "state_malformed"
    with pytest.raises(PolicyRefused) as refused:
        Engine.load(signed(bundle, 9, FIRST), TRUST, state_file="\0", now_ms=lambda: NOW_MS)
    assert refused.value.code == "file_unreadable"


def test_a_state_file_that_cannot_be_written(tmp_path: Path, bundle: bytes) -> None:
    with pytest.raises(PolicyRefused) as refused:
        Engine.load(
            signed(bundle, 7, FIRST), TRUST, state_file=tmp_path / "none" / "state", now_ms=lambda: NOW_MS
        )
    assert refused.value.code == "state_unwritable"


def test_the_length_of_the_header_is_what_the_format_says() -> None:
    assert struct.unpack_from("<III", GOOD, 4)[1] == len(BUNDLE)
