"""
Faramesh for Python: open a signed policy once, decide many times.

    engine = Engine.load("policy.fplb", "trust.json")
    verdict = engine.decide({"agent": "shop", "tool": "orders/get", "args": {}})
"""

from .core import Recorded
from .engine import Engine, Identity, Input
from .generated.tables import CodeName, Effect
from .instance import StateBlobs
from .refusals import PolicyRefused
from .trust import HighestSequence, TrustedKey, TrustFile, parse_trust_file
from .verdict import BY_NAME as CODES
from .verdict import Code, CredentialObligation, Detail, Obligations, RuleIdentity, Verdict

__all__ = [
    "CODES",
    "Code",
    "CodeName",
    "CredentialObligation",
    "Detail",
    "Effect",
    "Engine",
    "HighestSequence",
    "Identity",
    "Input",
    "Obligations",
    "PolicyRefused",
    "Recorded",
    "RuleIdentity",
    "StateBlobs",
    "TrustFile",
    "TrustedKey",
    "Verdict",
    "parse_trust_file",
]
