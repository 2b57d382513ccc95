"""The component in Wasmtime, through the package `wasmtime`: one policy, and what a trap makes of a call."""

import ctypes
import json

import wasmtime
from wasmtime import _ffi as ffi
from wasmtime import component as wit

INTERFACE = "faramesh:engine/decisions@0.1.0"
NO_OBLIGATIONS = {"credentials": [], "notify": [], "redact": []}


class Refused(Exception):
    """The refusal of a WIT `result`, in its words."""


def quicken():
    """Lists of bytes as one run of values. The package converts byte by byte, which takes most of the time of a call."""
    size = ctypes.sizeof(ffi.wasmtime_component_val_t)
    value = ffi.wasmtime_component_val_t()
    value.kind = ffi.WASMTIME_COMPONENT_U8
    table = []
    for byte in range(256):
        value.of.u8 = byte
        table.append(bytes(value))
    offset = ffi.wasmtime_component_val_t.of.offset
    kind = wit.ListType
    slowly_to, slowly_from = kind.convert_to_c, kind.convert_from_c

    def convert_to_c(self, store, val, ptr):
        if not isinstance(val, bytes):
            return slowly_to(self, store, val, ptr)
        raw = ffi.wasmtime_component_vallist_t()
        ffi.wasmtime_component_vallist_new_uninit(raw, len(val))
        ctypes.memmove(raw.data, b"".join(map(table.__getitem__, val)), size * len(val))
        ptr.contents.kind = ffi.WASMTIME_COMPONENT_LIST
        ptr.contents.of.list = raw

    def convert_from_c(self, c):
        if not self._is_bytes():
            return slowly_from(self, c)
        raw = c.of.list
        run = ctypes.string_at(raw.data, size * raw.size)[offset::size] if raw.size else b""
        ffi.wasmtime_component_vallist_delete(ctypes.byref(raw))
        return run

    kind.convert_to_c, kind.convert_from_c = convert_to_c, convert_from_c


class ComponentCore:
    """One policy. Whatever fails in the component is a deny with `engine_trap`, and the next call has a new instance."""

    def __init__(self, path):
        self._engine = wasmtime.Engine()
        self._component = wit.Component.from_file(self._engine, path)
        self._linker = wit.Linker(self._engine)
        self._loaded = None
        self._functions = None
        self.engine_digest = self._call("engine-digest")

    def _open(self):
        if self._functions is not None:
            return
        self._store = wasmtime.Store(self._engine)
        instance = self._linker.instantiate(self._store, self._component)
        interface = instance.get_export_index(self._store, INTERFACE)
        self._functions = lambda name: instance.get_func(
            self._store, instance.get_export_index(self._store, name, interface)
        )
        if self._loaded is not None:
            self._call("load", *self._loaded)

    def _call(self, name, *arguments):
        self._open()
        function = self._functions(name)
        result = function(self._store, *arguments)
        function.post_return(self._store)
        return result

    def load(self, bundle, signed):
        """The bundle's digest; raises Refused with a code of the table of refusals."""
        self._loaded = None
        try:
            result = self._call("load", bundle, signed)
        except wasmtime.WasmtimeError as trap:
            self._functions = None
            raise Refused("engine_trap") from trap
        # The package tells the two sides of this result apart by their types.
        if isinstance(result, str):
            raise Refused(result.replace("-", "_"))
        self._loaded = (bundle, signed)
        return result

    def decide(self, action, facts, state):
        """The verdict, as the object that other hosts write."""
        try:
            return verdict_of(self._call("decide", action, facts, state))
        except wasmtime.WasmtimeError:
            self._functions = None
            return trapped()

    def recorded(self, call, text, facts, state, sequence, previous):
        """`call`: `decide-recorded` or `apply-event`. Verdict, record, hash, and the state after or None."""
        place = wit.Record()
        place.sequence, place.previous = sequence, previous
        try:
            result = self._call(call, text, facts, state, place)
        except wasmtime.WasmtimeError:
            self._functions = None
            subject = "event" if call == "apply-event" else "action"
            result = self._call("refuse", "engine-trap", subject, text, facts, place)
        if isinstance(result, str):
            raise ValueError(f"{result}: not as the place of a record has it")
        return verdict_of(result.verdict), result.record, result.hash, result.state


def verdict_of(verdict):
    rule, detail, owed = verdict.rule, verdict.detail, verdict.obligations
    return {
        "agent": verdict.agent,
        "code": verdict.code,
        "detail": None if detail is None else {detail.tag: detail.payload},
        "effect": verdict.effect,
        "obligations": {
            "credentials": [json.loads(text) for text in owed.credentials],
            "notify": owed.notify,
            "redact": [[step_of(step) for step in path] for path in owed.redact],
        },
        "reason": verdict.reason,
        "rule": None if rule is None else vars(rule),
    }


def step_of(step):
    return step.payload if isinstance(step, wit.Variant) else step


def trapped():
    return {
        "agent": None,
        "code": "engine_trap",
        "detail": None,
        "effect": "deny",
        "obligations": NO_OBLIGATIONS,
        "reason": None,
        "rule": None,
    }


def canonical(value):
    """RFC 8785 of a verdict: its names are ASCII, its numbers integers."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
