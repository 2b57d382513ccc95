"""A verified policy that decides: what this package is for."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union

from .container import Loaded, open_insecure, open_signed
from .core import Core, Recorded
from .instance import CoreModule, StateBlobs, core_bytes
from .refusals import refuse
from .state_file import read_state_file, write_state_file
from .trust import HighestSequence, TrustFile, parse_trust_file
from .verdict import Verdict

#: JSON text, as str or as UTF-8, or a dict, which is judged as `json` prints it.
Input = Union[str, bytes, Mapping[str, Any]]
#: The path of a file, or its bytes.
Source = Union[str, "os.PathLike[str]", bytes]

#: No JSON: the core refuses it, so that what cannot be serialised is a deny like any other malformed input.
_NO_JSON = b" "

_print = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode

_compiled: CoreModule | None = None
_compiling = threading.Lock()


@dataclass(frozen=True)
class Identity:
    """What is deciding. Digests are 64 hexadecimal digits."""

    bundle: str
    core: str
    #: Whether signatures were verified.
    signed: bool
    #: The verified sequence number; None when not signed.
    sequence: int | None
    #: Names of the trusted keys that signed.
    keys: tuple[str, ...]


@dataclass(frozen=True)
class _Options:
    trust: Source | TrustFile | None
    state_file: Path | None
    now_ms: Callable[[], int]


@dataclass(frozen=True)
class _Ready:
    core: Core
    identity: Identity
    highest: HighestSequence | None


class Engine:
    """
    A policy that decides. Every outcome of a decision is a verdict, and every failure a deny. Threads may share an engine: their
    calls run one after the other. Not to be called from a signal handler.
    """

    def __init__(self, ready: _Ready, options: _Options) -> None:
        """For `load`."""
        self._ready = ready
        self._options = options
        self._reloading = threading.Lock()

    @classmethod
    def load(
        cls,
        bundle: Source,
        trust: Source | TrustFile | None = None,
        *,
        insecure: bool = False,
        state_file: str | os.PathLike[str] | None = None,
        now_ms: Callable[[], int] | None = None,
    ) -> Engine:
        """
        Opens a bundle file, verified against a trust file unless `insecure=True` asks for an engine whose records say that
        nothing was verified. `state_file` remembers the newest bundle used across restarts, one file for each policy; `now_ms`
        gives the present in Unix milliseconds for the validity of keys. Raises PolicyRefused when anything of it is refused,
        and TypeError when neither or both of `trust` and `insecure=True` are given.
        """
        if (insecure is True) == (trust is not None):
            raise TypeError("give either `trust` or `insecure=True`")
        if insecure and state_file is not None:
            raise TypeError("state_file: an insecure engine verifies no sequence")
        path = None if state_file is None else Path(state_file)
        options = _Options(trust, path, now_ms or _now_ms)
        return cls(_prepare(bundle, options, None), options)

    @property
    def identity(self) -> Identity:
        return self._ready.identity

    def decide(self, action: Input, facts: Input | None = None, state: StateBlobs | None = None) -> Verdict:
        """Decides and leaves no trace. docs/core/actions.md says what action and facts are, engine/ABI.md what state is."""
        return self._ready.core.decide(_to_text(action), None if facts is None else _to_text(facts), state)

    def decide_many(
        self, actions: Iterable[Input], facts: Input | None = None, state: StateBlobs | None = None
    ) -> list[Verdict]:
        """Decides each of the actions with the same facts and state, by one policy also when another thread reloads."""
        texts = [_to_text(action) for action in actions]
        return self._ready.core.decide_many(texts, None if facts is None else _to_text(facts), state)

    def decide_recorded(
        self,
        action: Input,
        facts: Input | None = None,
        state: StateBlobs | None = None,
        *,
        sequence: int,
        previous: bytes,
    ) -> Recorded:
        """
        Decides, and gives the record and the state after. The caller makes both durable before acting on the verdict. `sequence`
        and `previous` are the record's place in the chain: 0 and 32 zero bytes for the first.
        """
        given = None if facts is None else _to_text(facts)
        return self._ready.core.record("decideRecorded", _to_text(action), given, sequence, previous, state)

    def apply_event(
        self,
        event: Input,
        facts: Input | None = None,
        state: StateBlobs | None = None,
        *,
        sequence: int,
        previous: bytes,
    ) -> Recorded:
        """The same for what happens beside decisions: sessions, settlements, approvals. engine/ABI.md "Events"."""
        given = None if facts is None else _to_text(facts)
        return self._ready.core.record("applyEvent", _to_text(event), given, sequence, previous, state)

    def reload(self, bundle: Source) -> Identity:
        """
        Takes a newer bundle into use between two decisions; a trust file given by its path is read again. Raises PolicyRefused,
        and the policy that was in use stays.
        """
        with self._reloading:
            self._ready = _prepare(bundle, self._options, self._ready.highest)
            return self._ready.identity


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _to_text(given: object) -> str | bytes:
    if isinstance(given, (str, bytes)):
        return given if len(given) > 0 else _NO_JSON
    if isinstance(given, (bytearray, memoryview)):
        return bytes(given) or _NO_JSON
    if not isinstance(given, dict):
        return _NO_JSON
    try:
        return _print(given)
    except Exception:
        return _NO_JSON


def _read(source: Source) -> bytes:
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source)
    try:
        return Path(source).read_bytes()
    except (OSError, ValueError) as error:
        refuse("file_unreadable", str(error))


def open_core() -> Core:
    """A new instance of the core that was built with this package, compiled once per process."""
    global _compiled
    try:
        with _compiling:
            if _compiled is None:
                _compiled = CoreModule.compile(core_bytes())
        return Core(_compiled)
    except Exception as error:
        refuse("core_unusable", str(error))


def _newer(left: HighestSequence | None, right: HighestSequence | None) -> HighestSequence | None:
    if left is None or right is None:
        return left or right
    return right if right.sequence > left.sequence else left


def _prepare(source: Source, options: _Options, highest: HighestSequence | None) -> _Ready:
    """Read, verify, load into a core of its own, remember. Nothing is in use before all of it is done."""
    file = _read(source)
    if options.trust is None:
        return _into_core(open_insecure(file), highest)
    trust = options.trust if isinstance(options.trust, TrustFile) else parse_trust_file(_read(options.trust))
    kept = None if options.state_file is None else read_state_file(options.state_file)
    loaded = open_signed(file, trust, options.now_ms(), _newer(highest, kept))
    assert loaded.sequence is not None
    now = HighestSequence(loaded.sequence, loaded.digest)
    ready = _into_core(loaded, now)
    if options.state_file is not None and (kept is None or kept.sequence != now.sequence):
        # Remembered before it is used: otherwise a crash in between would open the way back.
        write_state_file(options.state_file, now)
    return ready


def _into_core(loaded: Loaded, highest: HighestSequence | None) -> _Ready:
    core = open_core()
    core.load(loaded.bundle, loaded.signed)
    identity = Identity(loaded.digest, core.digest.hex(), loaded.signed, loaded.sequence, loaded.keys)
    return _Ready(core, identity, highest)
