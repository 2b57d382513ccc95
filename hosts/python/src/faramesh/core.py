"""The core with one policy, as engine/binding/core.ts has it: texts in, verdicts and records out."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from .instance import DIGEST_BYTES, LONE_SURROGATE, TOO_LARGE, CoreModule, Function, Instance, StateBlobs
from .refusals import refuse, refuse_bundle
from .verdict import BY_NAME, BY_NUMBER, Verdict, denial, read_verdict

#: What a record is of.
RecordingCall = Literal["decideRecorded", "applyEvent"]

_TRAP = denial("engine_trap")
_LONE = denial("lone_surrogate")
_ENGINE_TRAP = BY_NAME["engine_trap"].number
_LONE_SURROGATE_CODE = BY_NAME["lone_surrogate"].number
#: No status of `load`.
_TRAPPED = -1
_HAS_MORE = 1 << 10
#: On the code of a refusal: it is of an event.
_OF_EVENT = 0x100
_MAX_SAFE_INTEGER = 2**53 - 1
#: From so many bytes on other threads run while the core does: it takes milliseconds for a million.
_LONG_BYTES = 16_384
#: Cached verdicts: a bundle has few, and one that has many must not fill the host's memory.
_MAX_CACHED = 65_536


@dataclass(frozen=True)
class Recorded:
    """A verdict, with what its caller must make durable before acting on it."""

    verdict: Verdict
    #: Canonical JSON.
    record: bytes
    #: The record's hash, 32 bytes: `previous` of the next.
    hash: bytes
    #: The state after, as many blobs as before and in their order, empty ones being not written; None: nothing is to be written.
    state: list[bytes] | None


class _Bound:
    """An instance and the functions that decisions call."""

    def __init__(self, core: CoreModule) -> None:
        self.instance = Instance(core)
        self.decide: Function = self.instance.function("decide")
        self.refuse: Function = self.instance.function("refuse")
        self.recording: dict[RecordingCall, Function] = {
            "decideRecorded": self.instance.function("decideRecorded"),
            "applyEvent": self.instance.function("applyEvent"),
        }


class Core:
    """
    No call permits what the policy does not: what the core refuses, cannot read or fails on is a deny. Threads may share it;
    their calls run one after the other.
    """

    def __init__(self, module: CoreModule) -> None:
        self._module = module
        #: SHA-256 of the core's own module, as records have it in `engine`.
        self.digest = module.digest
        self._lock = threading.Lock()
        self._bound: _Bound | None = _Bound(module)
        #: What to load again after a trap.
        self._loaded: tuple[bytes, bool] | None = None
        #: By agent index and packed verdict.
        self._cached: dict[tuple[int, int], Verdict] = {}

    def _open(self) -> _Bound:
        """The instance, made again after a trap with the bundle that was loaded. Raises when that is not possible."""
        if self._bound is not None:
            return self._bound
        bound = _Bound(self._module)
        if self._loaded is not None and bound.instance.load(*self._loaded) != 0:
            raise RuntimeError("the bundle that was loaded cannot be loaded again")
        self._bound = bound
        return bound

    def _drop(self) -> None:
        """What a failed call leaves is not trusted: the next call begins with a fresh memory."""
        self._bound = None

    def load(self, bundle: bytes, signed: bool) -> None:
        """
        Replaces the policy; `signed` says whether a signature over these bytes was verified. The bundle is checked wholly, so
        bytes from anywhere are safe to pass. Raises PolicyRefused with `bundle_refused`, and every decision is then a deny with
        `no_policy`.
        """
        with self._lock:
            self._loaded = None
            self._cached = {}
            try:
                status = self._open().instance.load(bundle, signed)
            except Exception:
                self._drop()
                status = _TRAPPED
            if status == 0:
                self._loaded = (bundle, signed)
                return
        refuse_bundle(status)

    def decide(self, action: str | bytes, facts: str | bytes | None, state: StateBlobs | None) -> Verdict:
        """Facts that are None are `{}`; state that is None: there is none."""
        _check(action, facts, state)
        with self._lock:
            return self._decide(action, facts, state)

    def decide_many(
        self, actions: Iterable[str | bytes], facts: str | bytes | None, state: StateBlobs | None
    ) -> list[Verdict]:
        """One after the other, each with the same facts and state."""
        texts = list(actions)
        for action in texts:
            _check(action, facts, state)
        with self._lock:
            return [self._decide(action, facts, state) for action in texts]

    def _decide(self, action: str | bytes, facts: str | bytes | None, state: StateBlobs | None) -> Verdict:
        try:
            bound = self._open()
            instance = bound.instance
            action_bytes = instance.write_action(action)
            if action_bytes == LONE_SURROGATE:
                return _LONE
            facts_bytes = 0 if facts is None else instance.write_facts(facts)
            state_bytes = 0 if state is None else instance.write_state(state)
            is_long = action_bytes + facts_bytes + state_bytes >= _LONG_BYTES
            decide = bound.decide.at_length if is_long else bound.decide
            return self._verdict_of(instance, decide(action_bytes, facts_bytes, state_bytes, 0))
        except Exception:
            self._drop()
            return _TRAP

    def record(
        self,
        call: RecordingCall,
        text: str | bytes,
        facts: str | bytes | None,
        sequence: int,
        previous: bytes,
        state: StateBlobs | None,
    ) -> Recorded:
        """
        Decides an action or applies an event, and writes the record of it and the state after. An event that is refused changes
        nothing, and is a record all the same. Raises PolicyRefused with `core_failed` when the core fails twice, in which case
        there is no verdict either.
        """
        _check(text, facts, state)
        _check_place(sequence, previous)
        with self._lock:
            try:
                return self._record(call, text, facts, sequence, previous, state)
            except Exception:
                self._drop()
            try:
                return self._record_trap(call, text, facts, sequence, previous)
            except Exception as error:
                self._drop()
                refuse("core_failed", str(error))

    def _record(
        self,
        call: RecordingCall,
        text: str | bytes,
        facts: str | bytes | None,
        sequence: int,
        previous: bytes,
        state: StateBlobs | None,
    ) -> Recorded:
        bound = self._open()
        instance = bound.instance
        text_bytes = instance.write_action(text)
        facts_bytes = instance.write_facts(facts)
        state_bytes = instance.write_state(state)
        low, high = sequence & 0xFFFFFFFF, sequence >> 32
        instance.write_previous(previous)
        if text_bytes == LONE_SURROGATE:
            packed = bound.refuse(_code_for(call, _LONE_SURROGATE_CODE), TOO_LARGE, facts_bytes, low, high)
        else:
            is_long = text_bytes + facts_bytes + state_bytes >= _LONG_BYTES
            record_it = bound.recording[call].at_length if is_long else bound.recording[call]
            packed = record_it(text_bytes, facts_bytes, state_bytes, low, high)
        record, digest = instance.read_record()
        after = instance.read_state()
        return Recorded(self._verdict_of(instance, packed), record, digest, after)

    def _record_trap(
        self, call: RecordingCall, text: str | bytes, facts: str | bytes | None, sequence: int, previous: bytes
    ) -> Recorded:
        """The record of a failure, by a fresh core."""
        bound = self._open()
        instance = bound.instance
        text_bytes = instance.write_action(text)
        if text_bytes == LONE_SURROGATE:
            text_bytes = TOO_LARGE
        facts_bytes = instance.write_facts(facts)
        instance.write_previous(previous)
        low, high = sequence & 0xFFFFFFFF, sequence >> 32
        bound.refuse(_code_for(call, _ENGINE_TRAP), text_bytes, facts_bytes, low, high)
        record, digest = instance.read_record()
        return Recorded(_TRAP, record, digest, None)

    def _verdict_of(self, instance: Instance, packed: int) -> Verdict:
        if packed & _HAS_MORE:
            return _describe(instance, packed)
        key = (instance.agent_index, packed)
        known = self._cached.get(key)
        if known is not None:
            return known
        if len(self._cached) == _MAX_CACHED:
            self._cached = {}
        verdict = self._cached[key] = _describe(instance, packed)
        return verdict


def _describe(instance: Instance, packed: int) -> Verdict:
    """The last verdict, checked against its packed form: an unknown code or another effect is a core that cannot be trusted."""
    verdict = read_verdict(instance.describe())
    code = BY_NUMBER.get(packed & 0xFF)
    if code is None or verdict.code != code.name or verdict.effect != code.effect:
        raise RuntimeError("the core's verdict is not in the table of codes")
    return verdict


def _code_for(call: RecordingCall, code: int) -> int:
    return code | _OF_EVENT if call == "applyEvent" else code


def _check(text: object, facts: object, state: object) -> None:
    if not isinstance(text, (str, bytes)):
        raise TypeError(f"text: JSON as str or bytes, not {type(text).__name__}")
    if facts is not None and not isinstance(facts, (str, bytes)):
        raise TypeError(f"facts: JSON as str or bytes, not {type(facts).__name__}")
    if state is None:
        return
    if not isinstance(state, (list, tuple)) or not all(one is None or isinstance(one, bytes) for one in state):
        raise TypeError("state: a list of bytes or None")


def _check_place(sequence: object, previous: object) -> None:
    if type(sequence) is not int or not 0 <= sequence <= _MAX_SAFE_INTEGER:
        raise ValueError(f"sequence: an integer from 0 and below 2^53, not {sequence}")
    if not isinstance(previous, bytes) or len(previous) != DIGEST_BYTES:
        raise ValueError(f"previous: {DIGEST_BYTES} bytes")
