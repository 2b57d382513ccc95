from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from making import ROOT, base64_of, canonical, container_of

from faramesh import conformance

CORPUS = ROOT / "tests" / "conformance" / "corpus" / "corpus.jsonl"


def test_the_corpus(capsys: pytest.CaptureFixture[str]) -> None:
    assert conformance.main([str(CORPUS)]) == 0
    printed = json.loads(capsys.readouterr().out)
    with CORPUS.open(encoding="utf-8") as lines:
        header = json.loads(next(lines))
    assert printed["host"] == "python"
    assert {name: printed[name] for name in ("core", "result", "decisions", "refusals")}.items() <= header.items()


def corpus(bundle: bytes, **changes: Any) -> Iterator[dict[str, Any]]:
    """A small corpus, all of whose expectations hold but those that `changes` replace."""
    action = {"agent": "shop", "tool": "orders/get", "args": {}}
    text = json.dumps(action)
    opened = {"bundle": "b0", "trust": None, "now": 0, "highest": None}
    yield {"kind": "header", "corpus": 2}
    yield {"kind": "bundle", "id": "b0", "bytes": base64_of(container_of(bundle))}
    yield {"kind": "open", **opened, "expect": changes.get("open", "ok")}
    yield {"kind": "load", **opened, "expect": "ok"}
    yield {"kind": "bundle", "id": "b1", "bytes": base64_of(container_of(b""))}
    core = {"coreCode": changes.get("core", "bad_length")}
    yield {"kind": "open", **opened, "bundle": "b1", "expect": changes.get("refused", "bundle_refused"), **core}
    yield {"kind": "plain", "text": text, "code": changes.get("plain", "rule_permit")}
    yield {"kind": "plain", "text": [["[", 65], ["]", 65]], "code": "too_deep"}
    if "also" in changes:
        yield {"kind": "plain", "text": text, "code": "rule_permit", "also": 1}
    yield {"kind": "plain", "bytes": base64_of(b"\xff"), "facts": "{}", "code": "invalid_utf8"}


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({}, "core: expected None"),
        ({"open": "unsigned"}, "line 3 (): expected unsigned, found ok"),
        ({"plain": "rule_deny"}, "line 7 (): expected rule_deny, found rule_permit"),
        ({"also": "1"}, "line 9 (): ValueError"),
        ({"refused": "bad_length"}, "line 6 (): expected bad_length, found bundle_refused"),
        ({"core": "bad_magic"}, "line 6 (): expected bad_magic of the core, found bad_length"),
    ],
)
def test_a_difference_is_named(bundle: bytes, changes: dict[str, str], difference: str) -> None:
    lines = [canonical(line).decode() for line in corpus(bundle, **changes)]
    sums, found = conformance.run(lines)
    assert found is not None and found.startswith(difference)
    assert (sums["decisions"], sums["refusals"]) == (2 if "also" in changes else 3, 1)


def test_a_difference_is_an_exit_status(tmp_path: Path, bundle: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_bytes(b"\n".join(canonical(line) for line in corpus(bundle)))
    assert conformance.main([str(path)]) == 1
    assert "core: expected None" in capsys.readouterr().err
    assert conformance.main([]) == 2
