"""The figures of bench/runtimes/figures.ts, for the runtimes that are driven from Python."""

import json
import sys
import time
from pathlib import Path

FOLDER = Path(sys.argv[1])


def measure(started, runtime, version, load):
    """
    Prints the line. `load(file, trust, now_ms)` gives two functions: `decide(action)`, the effect; `record(action, sequence, previous)`, the
    effect and the hash of the record. `started`: seconds of time.perf_counter at the program's first line.
    """
    file, trust, lines = (read(name) for name in ("policy.fplb", "trust.json", "actions.jsonl"))
    settings = json.loads(read("settings.json"))
    begin = time.perf_counter()
    decide, record = load(file, trust, settings["nowMs"])
    loaded = time.perf_counter()
    decide(lines[: lines.index(b"\n")])
    decided = time.perf_counter()
    actions = lines.splitlines()

    def chain():
        permitted, previous = 0, bytes(32)
        for sequence, action in enumerate(actions):
            effect, previous = record(action, sequence, previous)
            permitted += effect == "permit"
        return permitted, previous

    plain = rate(lambda: sum(decide(action) == "permit" for action in actions), settings)
    chained = rate(lambda: chain()[0], settings)
    figures = {
        "runtime": runtime,
        "version": version,
        "loadMs": (loaded - begin) * 1_000,
        "firstMs": (decided - started) * 1_000,
        "decisionsPerSecond": plain[2] * len(actions),
        "recordedPerSecond": chained[2] * len(actions),
        "decisions": (plain[0] + chained[0]) * len(actions),
        "permitted": plain[1] + chained[1],
        "tip": chain()[1].hex(),
    }
    print(json.dumps(figures))


def read(name):
    return (FOLDER / name).read_bytes()


def rate(once, settings):
    """Passes, permits, passes a second in the sample."""
    warm = passes_for(once, settings["warmUpMs"])
    sample = passes_for(once, settings["sampleMs"])
    return warm[0] + sample[0], warm[1] + sample[1], sample[0] / sample[2]


def passes_for(once, least_ms):
    begin, passes, permitted, elapsed = time.perf_counter(), 0, 0, 0.0
    while elapsed * 1_000 < least_ms:
        permitted += once()
        passes += 1
        elapsed = time.perf_counter() - begin
    return passes, permitted, elapsed
