"""`python component.py FOLDER COMPONENT`: the component in Wasmtime; the package for Python verifies the bundle."""

import time

started = time.perf_counter()

import sys
from importlib.metadata import version

from faramesh.container import open_signed
from faramesh.trust import parse_trust_file
from figures import measure
from wasmtime_component import ComponentCore, quicken


def load(file, trust, now_ms):
    quicken()
    core = ComponentCore(sys.argv[2])
    core.load(open_signed(file, parse_trust_file(trust), now_ms, None).bundle, True)

    def record(action, sequence, previous):
        verdict, _, digest, _ = core.recorded("decide-recorded", action, None, None, sequence, previous)
        return verdict["effect"], digest

    return lambda action: core.decide(action, None, None)["effect"], record


measure(started, "component, Wasmtime", version("wasmtime"), load)
