"""Everything that a bundle is refused for, as one exception with a code from a closed table."""

from __future__ import annotations

import json
from typing import NoReturn

from .generated.tables import LOAD_REFUSALS, TRUST_REFUSALS

_BUILD_AGAIN = "build it again with the compiler of this release"

#: What this host adds: message and help, by code.
HOST_REFUSALS: dict[str, tuple[str, str]] = {
    "file_unreadable": ("the file cannot be read", "check its path and permissions"),
    "bundle_refused": ("the core refuses the bundle", _BUILD_AGAIN),
    "core_unusable": ("the core cannot be loaded", "install the package again"),
    "core_failed": (
        "the core failed twice on one decision",
        "report it with the action; nothing was recorded and nothing may run",
    ),
    "state_malformed": (
        "the state file is malformed",
        "restore it from its copy; removing it forgets which bundles were already used",
    ),
    "state_unwritable": (
        "the state file cannot be written",
        "check its folder's permissions and space; the policy was not taken into use",
    ),
}

_TABLE: dict[str, tuple[str, str]] = {**TRUST_REFUSALS, **HOST_REFUSALS}
_TRAPPED = ("engine_trap", "the engine failed while it read the bundle")

_QUOTED_LIMIT = 60


class PolicyRefused(Exception):
    """
    A policy that is not taken into use, or with `core_failed` a decision that is not recorded. `code` says why, `help` what to
    do about it.
    """

    code: str
    message: str
    help: str
    #: The core's own code (`bad_string`), where the core refuses the bundle: `code` is `bundle_refused` then. Else None.
    core_code: str | None

    def __init__(self, code: str, detail: str = "", core_code: str | None = None) -> None:
        message, self.help = _TABLE[code]
        self.code = code
        self.core_code = core_code
        self.message = message if detail == "" else f"{message}: {detail}"
        super().__init__(f"{code}: {self.message}")

    def __reduce__(self) -> tuple[type[PolicyRefused], tuple[str, str, str | None]]:
        detail = self.message.removeprefix(_TABLE[self.code][0]).removeprefix(": ")
        return PolicyRefused, (self.code, detail, self.core_code)


def refuse(code: str, detail: str = "") -> NoReturn:
    # The detail says what the cause was.
    raise PolicyRefused(code, detail) from None


def refuse_bundle(status: int) -> NoReturn:
    """For a status of the core's `load` other than that of success; one that is not in its table: the core trapped."""
    core_code, message = LOAD_REFUSALS.get(status, _TRAPPED)
    raise PolicyRefused("bundle_refused", f"{message} ({core_code})", core_code) from None


def quote(text: str) -> str:
    """User text for a message: in backticks, cut short, control characters as escapes."""
    cut = f"{text[:_QUOTED_LIMIT]}…" if len(text) > _QUOTED_LIMIT else text
    return f"`{json.dumps(cut, ensure_ascii=False)[1:-1]}`"
