"""
The state file: the newest bundle of one policy that this host has used, so that a restart does not open the way back. One line
in one encoding, the same as in Node: {"digest":"<64 hex digits>","sequence":7,"version":1}
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from pathlib import Path

from .refusals import refuse
from .trust import HighestSequence

_LINE = re.compile(rb'\{"digest":"([0-9a-f]{64})","sequence":(0|[1-9][0-9]{0,15}),"version":1\}\n')
_MAX_SAFE_INTEGER = 2**53 - 1


def read_state_file(path: Path) -> HighestSequence | None:
    """None when the file is not there yet. Refused with `state_malformed` or `file_unreadable`."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        refuse("file_unreadable", str(error))
    fields = _LINE.fullmatch(text)
    if fields is None or int(fields[2]) > _MAX_SAFE_INTEGER:
        refuse("state_malformed", str(path))
    return HighestSequence(int(fields[2]), fields[1].decode())


def write_state_file(path: Path, highest: HighestSequence) -> None:
    """Durable when it returns. Refused with `state_unwritable`; the old file stands then."""
    line = f'{{"digest":"{highest.digest}","sequence":{highest.sequence},"version":1}}\n'
    try:
        _write_atomic(path, line.encode())
    except (OSError, ValueError) as error:
        refuse("state_unwritable", str(error))


def _write_atomic(path: Path, data: bytes) -> None:
    """A temporary name in the same folder, write, fsync, rename, fsync of the folder: the old bytes or the new ones."""
    if path.exists() and not stat.S_ISREG(path.stat().st_mode):
        raise OSError(f"{path} is not a regular file")
    temporary = path.parent / f".{path.name}.{secrets.token_hex(6)}.tmp"
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Makes names durable. Systems that cannot open a folder (Windows) need no such step."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
