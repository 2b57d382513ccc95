"""Keys, trust files and signed bundles for the tests, and the command that compiles policies."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ROOT = Path(__file__).parents[3]
NODE = shutil.which("node") or "node"
COMMAND = [NODE, str(ROOT / "cli" / "faramesh.mjs")]

#: 2027-06-01, and the validity of keys around it.
NOW_MS = 1_811_808_000_000
START, END = "2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z"

POLICY = """agent "shop" {
  rules {
    permit orders/get
    permit stripe/refund when amount > $0 and amount <= $100
    defer stripe/refund reason "a larger refund needs a person"
    deny! shell/* reason "no shell"
  }
}
"""


def compile_policy(text: str, folder: Path) -> bytes:
    """The bundle of a policy, without its container."""
    source = folder / "policy.fpl"
    source.write_text(text)
    target = folder / "policy.fplb"
    subprocess.run([*COMMAND, "build", str(source), "-o", str(target)], check=True, capture_output=True)
    file = target.read_bytes()
    return file[16 : 16 + struct.unpack_from("<I", file, 8)[0]]


def key_of(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def trust_of(*keys: Ed25519PrivateKey, threshold: int = 1, **fields: Any) -> bytes:
    rows = [
        {
            "name": f"key-{index}",
            "public": base64_of(key.public_key().public_bytes_raw()),
            "not_before": START,
            "not_after": END,
        }
        for index, key in enumerate(keys)
    ]
    return json.dumps({"version": 1, "threshold": threshold, "keys": rows, **fields}).encode()


def statement_of(bundle: bytes, sequence: int) -> dict[str, Any]:
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "predicate": {
            "abi": 2,
            "compiler": {"name": "faramesh", "version": "0.1.0"},
            "critical": ["abi", "sequence"],
            "sequence": sequence,
            "sources": [],
        },
        "predicateType": "https://faramesh.dev/policy-bundle/v1",
        "subject": [{"digest": {"sha256": hashlib.sha256(bundle).hexdigest()}, "name": "bundle"}],
    }


def envelope_of(payload: bytes, *keys: Ed25519PrivateKey) -> bytes:
    kind = "application/vnd.in-toto+json"
    message = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
    signatures = [
        {
            "keyid": hashlib.sha256(key.public_key().public_bytes_raw()).hexdigest(),
            "sig": base64_of(key.sign(message)),
        }
        for key in keys
    ]
    signatures.sort(key=lambda one: one["keyid"])
    return canonical({"payload": base64_of(payload), "payloadType": kind, "signatures": signatures})


def container_of(bundle: bytes, envelope: bytes = b"") -> bytes:
    return b"FPLB" + struct.pack("<III", 1, len(bundle), len(envelope)) + bundle + envelope


def signed(bundle: bytes, sequence: int, *keys: Ed25519PrivateKey) -> bytes:
    return container_of(bundle, envelope_of(canonical(statement_of(bundle, sequence)), *keys))
