from __future__ import annotations

from pathlib import Path

import pytest
from making import NOW_MS, POLICY, compile_policy, key_of, signed, trust_of

from faramesh import Engine


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return compile_policy(POLICY, tmp_path_factory.mktemp("policy"))


@pytest.fixture(scope="session")
def other_bundle(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return compile_policy(POLICY.replace("$100", "$10"), tmp_path_factory.mktemp("other"))


@pytest.fixture()
def engine(bundle: bytes) -> Engine:
    return Engine.load(signed(bundle, 7, key_of(1)), trust_of(key_of(1)), now_ms=lambda: NOW_MS)


@pytest.fixture()
def state_path(tmp_path: Path) -> Path:
    return tmp_path / "policy.state"
