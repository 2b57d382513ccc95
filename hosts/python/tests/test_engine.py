from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
import math
import pickle
import struct
import threading
from pathlib import Path
from typing import Any

import pytest
from making import NOW_MS, compile_policy, key_of, signed, trust_of

from faramesh import CODES, Detail, Engine, Input, PolicyRefused, Verdict
from faramesh.core import Core
from faramesh.engine import open_core
from faramesh.instance import CoreFailed

ZEROS = bytes(32)
TAG = b"faramesh/record/v2".ljust(32, b"\0")


def refund(amount: Any) -> dict[str, Any]:
    return {"agent": "shop", "tool": "stripe/refund", "args": {"amount": amount}}


def test_decides_text_bytes_and_dicts_alike(engine: Engine) -> None:
    text = json.dumps(refund(20))
    verdicts = [engine.decide(text), engine.decide(text.encode()), engine.decide(refund(20))]
    assert verdicts[0].effect == "permit" and verdicts[0].code == "rule_permit" and verdicts[0].permitted
    assert verdicts[0].agent == "shop"
    assert verdicts[0].rule is not None and verdicts[0].rule.line == 4
    assert verdicts.count(verdicts[0]) == 3
    large = engine.decide(refund(640))
    assert (large.effect, large.code, large.reason) == ("defer", "rule_defer", "a larger refund needs a person")


def test_decides_many_as_one_by_one(engine: Engine) -> None:
    actions: list[Input] = [refund(20), refund(640), "no JSON", {"agent": "shop", "tool": "shell/run", "args": {}}]
    many = engine.decide_many(actions, {"time": NOW_MS})
    assert many == [engine.decide(action, {"time": NOW_MS}) for action in actions]
    assert [one.code for one in many] == ["rule_permit", "rule_defer", "invalid_json", "deny_always"]


def test_verdicts_are_frozen_and_can_be_copied(engine: Engine) -> None:
    verdict = engine.decide(refund(20))
    with pytest.raises(dataclasses.FrozenInstanceError):
        verdict.effect = "deny"  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(verdict)) == verdict == copy.deepcopy(verdict)
    assert hash(verdict) == hash(copy.deepcopy(verdict))


CIRCLE: dict[str, Any] = {}
CIRCLE["args"] = CIRCLE
DEEP: dict[str, Any] = {}
for _ in range(100_000):
    DEEP = {"a": DEEP}


@pytest.mark.parametrize(
    ("action", "code"),
    [
        ("", "invalid_json"),
        (b"", "invalid_json"),
        ("[]", "action_not_object"),
        (b"\xff", "invalid_utf8"),
        ('{"agent":"\ud800"}', "lone_surrogate"),
        ({"agent": "\udc00"}, "lone_surrogate"),
        (b'{"agent":"\\ud800"}', "lone_surrogate"),
        ('{"a":1,"a":2}', "duplicate_key"),
        ('{"a":9007199254740993}', "integer_inexact"),
        (refund(2**60 + 1), "integer_inexact"),
        (refund(math.nan), "invalid_json"),
        (refund(math.inf), "invalid_json"),
        (refund(b"20"), "invalid_json"),
        (CIRCLE, "invalid_json"),
        (DEEP, "invalid_json"),
        (["agent"], "invalid_json"),
        (None, "invalid_json"),
        (7, "invalid_json"),
        (" " * 1_048_577, "input_too_large"),
        ("é" * 600_000, "input_too_large"),
        ("\ud800" * 400_000, "input_too_large"),
        (b" " * 1_048_577, "input_too_large"),
        (b" " * 1_048_576, "invalid_json"),
    ],
)
def test_refuses_what_is_no_action(engine: Engine, action: Any, code: str) -> None:
    verdict = engine.decide(action)
    assert (verdict.effect, verdict.code) == ("deny", code)
    recorded = engine.decide_recorded(action, sequence=0, previous=ZEROS)
    assert recorded.verdict.code == code
    assert json.loads(recorded.record)["code"] == code


@pytest.mark.parametrize("facts", ["", b"", "\ud800", [], "[]", b"\xff", " " * 1_048_577])
def test_refuses_what_are_no_facts(engine: Engine, facts: Any) -> None:
    assert engine.decide(refund(20), facts).code == "facts_invalid"


def test_says_what_a_refusal_is_about(engine: Engine) -> None:
    assert engine.decide("[} ").detail == Detail("offset", 1)
    assert engine.decide({"agent": "shop", "tool": "orders/get"}).detail == Detail("field", "args")
    assert engine.decide(refund(20), {"x": 1}).detail == Detail("field", "x")


def test_records_are_chained(engine: Engine) -> None:
    first = engine.decide_recorded(refund(20), {"time": NOW_MS}, sequence=0, previous=ZEROS)
    second = engine.decide_recorded(refund(640), sequence=2**40, previous=first.hash)
    assert first.hash == hashlib.sha256(TAG + ZEROS + first.record).digest()
    assert second.hash == hashlib.sha256(TAG + first.hash + second.record).digest()
    record = json.loads(second.record)
    assert record["sequence"] == 2**40 and record["previous"] == first.hash.hex() and record["signed"] is True
    assert record["engine"] == engine.identity.core and record["bundle"] == engine.identity.bundle
    assert first.state is None
    again = engine.decide_recorded(refund(20), {"time": NOW_MS}, sequence=0, previous=ZEROS)
    assert again == first


@pytest.mark.parametrize("sequence", [-1, 2**53, 1.0, True, None])
def test_a_place_in_the_chain_is_checked(engine: Engine, sequence: Any) -> None:
    with pytest.raises(ValueError, match="sequence"):
        engine.decide_recorded(refund(20), sequence=sequence, previous=ZEROS)
    with pytest.raises(ValueError, match="previous"):
        engine.decide_recorded(refund(20), sequence=0, previous=bytes(31))


COUNTS = """agent "shop" {
  default permit
  budget daily {
    max_calls = 2
  }
}
"""


def counting(tmp_path: Path) -> Engine:
    bundle = compile_policy(COUNTS, tmp_path)
    return Engine.load(signed(bundle, 1, key_of(1)), trust_of(key_of(1)), now_ms=lambda: NOW_MS)


def test_state_is_handed_on(tmp_path: Path) -> None:
    engine = counting(tmp_path)
    action = {"agent": "shop", "tool": "orders/get", "args": {}}
    assert engine.decide(action, {"time": NOW_MS}).code == "state_missing"
    state: list[bytes | None] = [None, None]
    previous, codes = ZEROS, []
    for sequence in range(3):
        made = engine.decide_recorded(action, {"time": NOW_MS}, state, sequence=sequence, previous=previous)
        codes.append(made.verdict.code)
        previous = made.hash
        state = list(made.state or state)
    assert codes == ["default_permit", "default_permit", "budget_exceeded"]
    settle = {"type": "settle", "agent": "shop", "reservation": 0, "money": 1}
    applied = engine.apply_event(settle, {"time": NOW_MS}, state, sequence=3, previous=previous)
    assert (applied.verdict.code, json.loads(applied.record)["type"]) == ("event_applied", "settle")
    assert applied.state is not None and len(applied.state) == 2 and applied.state[1] == b""


@pytest.mark.parametrize("state", [[b"1234567"], [b"12345678", None], [bytes(2_621_440), None], [], [None] * 400_000])
def test_state_that_cannot_be_is_refused(tmp_path_factory: pytest.TempPathFactory, engine: Engine, state: Any) -> None:
    made = engine.decide_recorded(refund(20), {"time": NOW_MS}, state, sequence=0, previous=ZEROS)
    assert made.verdict.code == "state_invalid" and made.state is None


@pytest.mark.parametrize("state", ["blob", [1], [bytearray(8)], {}])
def test_state_of_another_type_is_an_error(engine: Engine, state: Any) -> None:
    with pytest.raises(TypeError, match="state"):
        engine.decide(refund(20), None, state)


#: engine/constants.ts, PATTERNS.
PATTERNS_SECTION, PATTERN_BYTES, CREDENTIALS_COUNT = 7, 72, 40


def break_memory(engine: Engine) -> None:
    """Lengthens a list of every pattern beyond the core's memory, so that the next decision really traps."""
    core = engine._ready.core
    assert core._bound is not None and core._loaded is not None
    memory, bundle = core._bound.instance.memory, core._loaded[0]
    start = bytes(memory).rindex(bundle)
    offset, length = struct.unpack_from("<II", bundle, 16 + 8 * PATTERNS_SECTION)
    for row in range(start + offset, start + offset + length, PATTERN_BYTES):
        memory[row + CREDENTIALS_COUNT : row + CREDENTIALS_COUNT + 4] = b"\x7f" * 4


def test_a_trap_is_a_deny_and_a_fresh_instance(engine: Engine) -> None:
    before = engine.decide(refund(20))
    for _ in range(3):
        break_memory(engine)
        verdict = engine.decide(refund(20))
        assert (verdict.effect, verdict.code) == ("deny", "engine_trap")
        assert engine.decide(refund(20)) == before


def test_a_trap_is_recorded(engine: Engine) -> None:
    text = json.dumps(refund(20)).encode()
    for call, kind in ((engine.decide_recorded, "decision"), (engine.apply_event, "event")):
        if kind == "decision":
            break_memory(engine)
        else:
            bound = engine._ready.core._bound
            assert bound is not None
            bound.recording["applyEvent"] = bound.instance.function("abi")
        made = call(text, sequence=4, previous=ZEROS)
        assert made.verdict.code == "engine_trap" and made.state is None
        record = json.loads(made.record)
        assert (record["code"], record["effect"], record["signed"]) == ("engine_trap", "deny", True)
        assert record["type"] == kind
        assert record["action_digest"] == hashlib.sha256(text).hexdigest()
        assert made.hash == hashlib.sha256(TAG + ZEROS + made.record).digest()
    assert engine.decide(refund(20)).permitted


def test_a_core_that_fails_twice_is_refused(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Any:
        raise CoreFailed("the core trapped")

    monkeypatch.setattr(Core, "_record", fail)
    monkeypatch.setattr(Core, "_record_trap", fail)
    with pytest.raises(PolicyRefused) as refused:
        engine.decide_recorded(refund(20), sequence=0, previous=ZEROS)
    assert refused.value.code == "core_failed"
    assert engine.decide(refund(20)).permitted


def test_a_verdict_outside_of_the_table_is_a_trap(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    bound = engine._ready.core._bound
    assert bound is not None
    monkeypatch.setattr(bound, "decide", lambda *_: 3 << 8)
    assert engine.decide(refund(20)).code == "engine_trap"
    assert engine.decide(refund(20)).permitted


def test_without_a_policy_nothing_is_permitted() -> None:
    core = open_core()
    assert core.decide(json.dumps(refund(20)), None, None).code == "no_policy"
    with pytest.raises(PolicyRefused) as refused:
        core.load(b"FPLC", True)
    assert (refused.value.code, refused.value.core_code) == ("bundle_refused", "bad_length")
    assert core.decide(json.dumps(refund(20)), None, None).code == "no_policy"


def test_threads_share_an_engine(engine: Engine) -> None:
    expected = {20: "rule_permit", 640: "rule_defer"}
    wrong: list[Verdict] = []

    def work(amount: int) -> None:
        for _ in range(2_000):
            verdict = engine.decide(refund(amount))
            if verdict.code != expected[amount]:
                wrong.append(verdict)

    threads = [threading.Thread(target=work, args=(amount,)) for amount in (20, 640, 20, 640)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_long_texts_are_judged_alike(engine: Engine) -> None:
    text = json.dumps({"agent": "shop", "tool": "orders/get", "args": {"note": "x" * 100_000}})
    assert engine.decide(text).code == "rule_permit"
    made = engine.decide_recorded(text, sequence=0, previous=ZEROS)
    assert made.verdict.code == "rule_permit"
    assert made.hash == hashlib.sha256(TAG + ZEROS + made.record).digest()


def test_verdicts_print_as_the_core_describes_them(engine: Engine) -> None:
    core = engine._ready.core
    for action in (refund(20), refund(640), "[]", {"agent": "a", "tool": "x", "args": {}}):
        text = action if isinstance(action, str) else json.dumps(action)
        verdict = core.decide(text, None, None)
        assert core._bound is not None
        core._bound.decide(core._bound.instance.write_action(text), 0, 0, 0)
        assert verdict.to_json().encode() == core._bound.instance.describe()


def test_the_table_of_codes_is_closed() -> None:
    assert CODES["rule_permit"].effect == "permit" and CODES["engine_trap"].effect == "deny"
    assert all(code.number < 256 for code in CODES.values())
