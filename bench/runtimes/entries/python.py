"""`python python.py FOLDER`: the package for Python, by its own API."""

import time

started = time.perf_counter()

import platform

from faramesh import Engine
from figures import measure


def load(file, trust, now_ms):
    engine = Engine.load(file, trust, now_ms=lambda: now_ms)

    def record(action, sequence, previous):
        made = engine.decide_recorded(action, sequence=sequence, previous=previous)
        return made.verdict.effect, made.hash

    return lambda action: engine.decide(action).effect, record


measure(started, "python", platform.python_version(), load)
