"""Verdicts as the core describes them, read once and frozen."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from .generated.tables import CODES, CodeName, Effect


class Code(NamedTuple):
    """One row of the table of codes."""

    number: int
    name: CodeName
    #: The effect of every verdict with this code.
    effect: Effect
    #: What it means.
    text: str
    #: What the caller can do next.
    next: str


BY_NUMBER: dict[int, Code] = {row[0]: Code(*row) for row in CODES}
BY_NAME: dict[str, Code] = {code.name: code for code in BY_NUMBER.values()}


@dataclass(frozen=True)
class RuleIdentity:
    """Where the rule that decided stands. `id` is stable while the rule's text, effect and agent are."""

    file: str
    #: From 1.
    line: int
    #: From 1, in code points.
    column: int
    id: str


@dataclass(frozen=True)
class Detail:
    """What a refusal is about. `offset`: bytes from the start of the text; `meter`: a budget or limit; `agent`: a grantor."""

    kind: Literal["offset", "argument", "selector", "field", "meter", "agent"]
    value: str | int


@dataclass(frozen=True)
class CredentialObligation:
    """A credential that the host may hand to the tool; never its value."""

    name: str
    backend: str | None
    path: str | None
    ttl_ms: int | None
    max_scope: str | None


@dataclass(frozen=True)
class Obligations:
    """What the host owes when it acts on the verdict."""

    credentials: tuple[CredentialObligation, ...] = ()
    #: Targets to notify.
    notify: tuple[str, ...] = ()
    #: Argument paths, as keys and list indexes, whose values must not be stored or shown.
    redact: tuple[tuple[str | int, ...], ...] = ()


@dataclass(frozen=True)
class Verdict:
    effect: Effect
    code: CodeName
    #: The policy block that served the agent, or None.
    agent: str | None
    rule: RuleIdentity | None
    reason: str | None
    detail: Detail | None
    obligations: Obligations

    @property
    def permitted(self) -> bool:
        return self.effect == "permit"

    def to_json(self) -> str:
        """Canonical JSON, the same text in every host."""
        obligations = self.obligations
        fields = {
            "agent": self.agent,
            "code": self.code,
            "detail": None if self.detail is None else {self.detail.kind: self.detail.value},
            "effect": self.effect,
            "obligations": {
                "credentials": [vars(one) for one in obligations.credentials],
                "notify": obligations.notify,
                "redact": obligations.redact,
            },
            "reason": self.reason,
            "rule": None if self.rule is None else vars(self.rule),
        }
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def read_verdict(text: bytes) -> Verdict:
    """Reads the core's JSON, which is trusted to be of this shape. Raises on what is not."""
    fields: dict[str, Any] = json.loads(text)
    rule, detail, owed = fields["rule"], fields["detail"], fields["obligations"]
    return Verdict(
        effect=fields["effect"],
        code=fields["code"],
        agent=fields["agent"],
        rule=None if rule is None else RuleIdentity(**rule),
        reason=fields["reason"],
        detail=None if detail is None else Detail(*next(iter(detail.items()))),
        obligations=Obligations(
            tuple(CredentialObligation(**one) for one in owed["credentials"]),
            tuple(owed["notify"]),
            tuple(tuple(path) for path in owed["redact"]),
        ),
    )


def denial(name: CodeName) -> Verdict:
    """A deny that the binding came to."""
    return Verdict(BY_NAME[name].effect, name, None, None, None, None, Obligations())
