"""`python wasmtime_trap.py COMPONENT`: the codes of a call that traps, as its memory may not grow, and of the same call after it."""

import sys

from wasmtime_component import ComponentCore, quicken

quicken()
action = b'{"agent":"a","tool":"t","args":{"text":"' + b"x" * 300_000 + b'"}}'
for name in ("decide", "recorded"):
    core = ComponentCore(sys.argv[1])
    core._store.set_limits(memory_size=1 << 20)
    if name == "decide":
        trapped = core.decide(action, None, None)
        after = core.decide(action, None, None)
    else:
        trapped = core.recorded("decide-recorded", action, None, None, 0, bytes(32))[0]
        after = core.recorded("decide-recorded", action, None, None, 0, bytes(32))[0]
    print(name, trapped["effect"], trapped["code"], after["effect"], after["code"])
