"""Files that survive a crash, and keys that name them.

A file is either wholly there or not at all: written beside its place, flushed to disk, then renamed. A key is the
SHA-256 of a canonical encoding of everything that a result depends on: equal inputs, equal key, equal result.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import Any

import msgspec

_canonical = msgspec.json.Encoder(order="deterministic")


def key(value: Any) -> str:
    """SHA-256 (hex) of ``value``'s canonical JSON; dataclasses count by their fields, mappings without order."""
    return hashlib.sha256(_canonical.encode(value)).hexdigest()


def write(path: Path, content: bytes) -> None:
    """Put ``content`` at ``path`` atomically and durably; the folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename inside ``folder`` durable (POSIX: the directory has to be flushed too)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_json(path: Path, value: Any) -> None:
    """Put ``value`` at ``path`` as JSON."""
    write(path, msgspec.json.encode(value))


def find_json(path: Path) -> Any:
    """What ``write_json`` put there; None where there is no such file or it cannot be read as JSON."""
    try:
        return msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError):  # a name that no file can have names no file
        return None
