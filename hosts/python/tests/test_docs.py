"""The snippets of docs/core/python.md: each runs, in the order of the page, and prints what the page says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from making import COMMAND, ROOT

PAGE = ROOT / "docs" / "core" / "python.md"
SOURCES = ROOT / "hosts" / "python" / "src"
FENCE = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def command(line: str, folder: Path) -> None:
    words = shlex.split(line)
    assert words[0] == "faramesh", line
    subprocess.run([*COMMAND, *words[1:]], cwd=folder, check=True, capture_output=True)


def python(text: str, folder: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(SOURCES), "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        [sys.executable, "-c", text], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_page(tmp_path: Path) -> None:
    """A `text` snippet is what the `python` snippet before it prints; without one it prints nothing."""
    printed, ran = "", 0
    for language, name, text in FENCE.findall(PAGE.read_text(encoding="utf-8")):
        if language == "text":
            assert printed == text
            printed = ""
            continue
        assert printed == "", f"the page does not show what is printed: {printed}"
        if language == "python":
            printed = python(text, tmp_path)
            ran += 1
        elif language == "sh":
            for line in text.splitlines():
                command(line, tmp_path)
        elif name != "":
            (tmp_path / name).write_text(text)
    assert printed == "" and ran > 3
