"""Everything that a bundle is refused for, as one exception with a code from a closed table."""

from __future__ import annotations

import json
from typing import NoReturn

from .generated.tables import LOAD_REFUSALS, TRUST_REFUSALS

#: What this host adds: message and help, by code.
HOST_REFUSALS: dict[str, tuple[str, str]] = {
    "file_unreadable": ("the file cannot be read", "check its path and permissions"),
    "core_unusable": ("the core cannot be loaded", "install the package again"),
    "state_malformed": (
        "the state file is malformed",
        "restore it from its copy; removing it forgets which bundles were already used",
    ),
    "state_unwritable": (
        "the state file cannot be written",
        "check its folder's permissions and space; the policy was not taken into use",
    ),
}

_BUILD_AGAIN = "build it again with the compiler of this release"

_TABLE: dict[str, tuple[str, str]] = {
    **TRUST_REFUSALS,
    **HOST_REFUSALS,
    **{code: (message, _BUILD_AGAIN) for code, message in LOAD_REFUSALS.values()},
    "engine_trap": ("the engine failed while it read the bundle", _BUILD_AGAIN),
}

_QUOTED_LIMIT = 60


class PolicyRefused(Exception):
    """A policy that is not taken into use. `code` says why, `help` what to do about it."""

    code: str
    message: str
    help: str

    def __init__(self, code: str, detail: str = "") -> None:
        message, self.help = _TABLE[code]
        self.code = code
        self.message = message if detail == "" else f"{message}: {detail}"
        super().__init__(f"{code}: {self.message}")

    def __reduce__(self) -> tuple[type[PolicyRefused], tuple[str, str]]:
        return PolicyRefused, (self.code, self.message.removeprefix(_TABLE[self.code][0]).removeprefix(": "))


def refuse(code: str, detail: str = "") -> NoReturn:
    # The detail says what the cause was.
    raise PolicyRefused(code, detail) from None


def quote(text: str) -> str:
    """User text for a message: in backticks, cut short, control characters as escapes."""
    cut = f"{text[:_QUOTED_LIMIT]}…" if len(text) > _QUOTED_LIMIT else text
    return f"`{json.dumps(cut, ensure_ascii=False)[1:-1]}`"
