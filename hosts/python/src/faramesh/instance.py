"""
One instance of the core, and views of its memory. engine/ABI.md.

The functions of the `wasmtime` package look up the types of a function and convert every argument anew, which costs many times
what a decision does. So the core is called through Wasmtime's C interface, with arguments in a buffer that stays, and texts go
through one view of the memory.
"""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import NoReturn

import wasmtime
from wasmtime import _ffi as ffi

from .generated.tables import ABI_VERSION, LOAD_TOO_LARGE, MAX_INPUT_BYTES, MAX_STATE_BYTES, NONE

DIGEST_BYTES = 32

#: What became of a text, where it is not a count of bytes: it is too large, or has no UTF-8.
TOO_LARGE = NONE
LONE_SURROGATE = -1

#: The state before, blob by blob; None: not written yet. engine/ABI.md "State".
StateBlobs = Sequence["bytes | None"]

_SLOT_BYTES = 8
#: Head of a state, and what each of its blobs takes before the first.
_FRAME_BYTES = 8
#: Hash, domain tag and previous hash stand before the record; the last two are hashed with it.
_HASHED_BEFORE_RECORD = 2 * DIGEST_BYTES
_MOST_ARGUMENTS = 5

def _entry(library: ctypes.CDLL) -> Callable[..., int | None]:
    """Wasmtime's call of a function, of its own so that pointers go in as numbers."""
    entry = library["wasmtime_func_call_unchecked"]
    entry.restype = ctypes.c_void_p
    entry.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
    return entry


# A decision takes microseconds, but who gives up the interpreter lock beside a busy thread has it back after milliseconds.
_call_holding_lock = _entry(ctypes.PyDLL(ffi.dll._name, handle=ffi.dll._handle))
_call_without_lock = _entry(ffi.dll)


class CoreFailed(Exception):
    """The core trapped, or did what it never does. Its memory is not trusted any more."""


@dataclass(frozen=True)
class CoreModule:
    """The compiled core and the SHA-256 of its bytes, by which records name it."""

    engine: wasmtime.Engine
    module: wasmtime.Module
    digest: bytes

    @staticmethod
    def compile(wasm: bytes) -> CoreModule:
        engine = wasmtime.Engine()
        return CoreModule(engine, wasmtime.Module(engine, wasm), hashlib.sha256(wasm).digest())


def core_bytes() -> bytes:
    """The core.wasm that was built with this package."""
    return files("faramesh").joinpath("generated/core.wasm").read_bytes()


class _Buffers:
    """Where arguments go and results come from, for all functions of one store."""

    def __init__(self, store: wasmtime.Store) -> None:
        self._store = store
        self.context = ctypes.cast(store._context(), ctypes.c_void_p).value
        # A value takes 16 bytes, of which an integer uses the first.
        slots = (ctypes.c_uint64 * (2 * _MOST_ARGUMENTS))()
        self.values = memoryview(slots).cast("B").cast("Q")
        self.values_at = ctypes.addressof(slots)
        self.trap = ctypes.c_void_p()
        self.trap_at = ctypes.addressof(self.trap)


class Function:
    """One export of the core. Arguments and result are `u32`."""

    def __init__(self, buffers: _Buffers, function: wasmtime.Func) -> None:
        self._kept = (buffers, function)
        self._values = buffers.values
        self._trap = buffers.trap
        address = ctypes.addressof(function._func)
        self._call = (buffers.context, address, buffers.values_at, _MOST_ARGUMENTS, buffers.trap_at)

    def __call__(self, *arguments: int) -> int:
        return self._run(_call_holding_lock, arguments)

    def at_length(self, *arguments: int) -> int:
        """The same for what may take long: other threads run meanwhile."""
        return self._run(_call_without_lock, arguments)

    def _run(self, call: Callable[..., int | None], arguments: tuple[int, ...]) -> int:
        values = self._values
        place = 0
        for argument in arguments:
            values[place] = argument
            place += 2
        failed = call(*self._call)
        if failed or self._trap.value:
            self._fail(failed)
        return values[0] & 0xFFFFFFFF

    def _fail(self, failed: int | None) -> NoReturn:
        """Frees what Wasmtime says of a failed call, and raises."""
        trap, self._trap.value = self._trap.value, None
        if trap:
            ffi.wasm_trap_delete(ctypes.cast(trap, ctypes.POINTER(ffi.wasm_trap_t)))
        if failed:
            ffi.wasmtime_error_delete(ctypes.cast(failed, ctypes.POINTER(ffi.wasmtime_error_t)))
        raise CoreFailed("the core trapped")


class Instance:
    """An instance with room for a bundle. Not to be used by two threads at once. Raises when it cannot be had."""

    def __init__(self, core: CoreModule) -> None:
        self._store = wasmtime.Store(core.engine)
        self._exports = wasmtime.Instance(self._store, core.module, []).exports(self._store)
        self._buffers = _Buffers(self._store)
        if self.function("abi")() != ABI_VERSION:
            raise CoreFailed("the core speaks another ABI")
        self._reserve = self.function("reserve")
        if self.reserve(0) == 0:
            raise CoreFailed("the core's memory cannot be had")
        self._find_regions()
        self.function("hashRecords")(0)
        self._write_digest(self.function("enginePointer")(), core.digest)

    def _find_regions(self) -> None:
        """Fixed regions never move."""
        self._action = self.function("actionPointer")()
        self._facts = self.function("factsPointer")()
        self._state = self.function("statePointer")()
        self._state_after = self.function("stateAfterPointer")()
        self._state_after_bytes = self.function("stateAfterBytes")
        self._previous = self.function("previousPointer")()
        self._status = self.function("statusPointer")()
        self._output = self.function("outputPointer")()
        self._record = self.function("recordPointer")()
        self._record_bytes = self.function("recordBytes")
        self._describe = self.function("describe")
        self._load = self.function("load")

    def function(self, name: str) -> Function:
        export = self._exports[name]
        if not isinstance(export, wasmtime.Func):
            raise CoreFailed(f"the core has no function {name}")
        return Function(self._buffers, export)

    def reserve(self, size: int) -> int:
        """Address for a bundle of that many bytes, or 0. The memory may grow, and move."""
        pointer = self._reserve(size)
        memory = self._exports["memory"]
        if not isinstance(memory, wasmtime.Memory):
            raise CoreFailed("the core has no memory")
        whole = memory.get_buffer_ptr(self._store)
        self.memory = memoryview(whole).cast("B")
        return pointer

    def load(self, bundle: bytes, signed: bool) -> int:
        """A LOAD_* status, LOAD_TOO_LARGE also when the memory has no room for the bundle."""
        pointer = self.reserve(len(bundle))
        if pointer == 0:
            # The regions are still wanted, with no policy.
            self.reserve(0)
            return LOAD_TOO_LARGE
        self.memory[pointer : pointer + len(bundle)] = bundle
        return self._load.at_length(len(bundle), 1 if signed else 0)

    @property
    def agent_index(self) -> int:
        """Index of the policy block of the last decision, NONE when there is none."""
        return int.from_bytes(self.memory[self._status : self._status + 4], "little")

    def _write(self, at: int, text: str | bytes) -> int:
        if isinstance(text, str):
            if len(text) > MAX_INPUT_BYTES:
                return TOO_LARGE
            try:
                data = text.encode()
            except UnicodeEncodeError:
                # Half of a surrogate pair is a unit of three bytes, as U+FFFD in its place would be.
                size = len(text.encode("utf-8", "surrogatepass"))
                return TOO_LARGE if size > MAX_INPUT_BYTES else LONE_SURROGATE
        else:
            data = text
        size = len(data)
        if size > MAX_INPUT_BYTES:
            return TOO_LARGE
        self.memory[at : at + size] = data
        return size

    def write_action(self, text: str | bytes) -> int:
        """Bytes written, TOO_LARGE or LONE_SURROGATE."""
        return self._write(self._action, text)

    def write_facts(self, text: str | bytes | None) -> int:
        """
        Bytes written, 0 for none, TOO_LARGE also for a text that has no UTF-8: the core refuses it. To the core no bytes are no
        facts, so a text without any is written as a blank.
        """
        if text is None:
            return 0
        written = self._write(self._facts, text if len(text) > 0 else b" ")
        return TOO_LARGE if written == LONE_SURROGATE else written

    def write_state(self, state: StateBlobs | None) -> int:
        """Bytes written, 0 for no state, TOO_LARGE for what is no run of slots or does not fit: the core refuses it."""
        if state is None:
            return 0
        blobs = [blob or b"" for blob in state]
        head = [len(blobs), 0]
        for blob in blobs:
            head += (len(blob) // _SLOT_BYTES, 0)
        size = 4 * len(head) + sum(map(len, blobs))
        if size > MAX_STATE_BYTES or any(len(blob) % _SLOT_BYTES for blob in blobs):
            return TOO_LARGE
        framed = b"".join([*(word.to_bytes(4, "little") for word in head), *blobs])
        self.memory[self._state : self._state + size] = framed
        return size

    def read_state(self) -> list[bytes] | None:
        """Copies of the blobs of the state after, in order; None when nothing is to be written."""
        size = self._state_after_bytes()
        if size == 0:
            return None
        framed = bytes(self.memory[self._state_after : self._state_after + size])
        count = int.from_bytes(framed[:4], "little")
        blobs: list[bytes] = []
        start = _FRAME_BYTES * (1 + count)
        for index in range(count):
            head = _FRAME_BYTES * (1 + index)
            end = start + int.from_bytes(framed[head : head + 4], "little") * _SLOT_BYTES
            blobs.append(framed[start:end])
            start = end
        return blobs

    def _write_digest(self, at: int, digest: bytes) -> None:
        self.memory[at : at + DIGEST_BYTES] = digest

    def write_previous(self, digest: bytes) -> None:
        self._write_digest(self._previous, digest)

    def read_record(self) -> tuple[bytes, bytes]:
        """Copies of the last record and of its hash, which this runtime computes faster than the core does."""
        start, end = self._record, self._record + self._record_bytes()
        hashed = self.memory[start - _HASHED_BEFORE_RECORD : end]
        return bytes(self.memory[start:end]), hashlib.sha256(hashed).digest()

    def describe(self) -> bytes:
        """The last verdict as canonical JSON."""
        size = self._describe()
        return bytes(self.memory[self._output : self._output + size])
