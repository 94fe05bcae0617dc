"""The key by which a twin knows people without naming them: in participation, and in the audit log beside it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sympolis.decision.participation.voice import Voices
from sympolis.domain.errors import StoreUnavailable

KEY: Final = "participation.key"
"""Below a data folder: by it people are known. Who has the book alone cannot try out whose hashes are in it."""
BYTES: Final = 32


def secret_key(folder: Path) -> bytes:
    """The key of a data folder, made with the first use, for its owner alone. Raises ``StoreUnavailable``."""
    path = folder / KEY
    try:
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            fresh = path.with_name(f"{KEY}.{secrets.token_hex(4)}")
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_bytes(BYTES))
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(path)
        key = path.read_bytes()
    except OSError as cause:
        raise StoreUnavailable(f"cannot be used: {cause.strerror}", where=str(path)) from cause
    if len(key) != BYTES:
        raise StoreUnavailable(
            "is damaged",
            where=str(path),
            hint="restore it from a backup: without it, nobody's links hold any more",
        )
    return key


def aliases(key: Callable[[], bytes]) -> Callable[[str], str]:
    """The audit log's name for an account that takes part: the same each time, and no name without the key.

    The key is asked for when the first of them is written.
    """

    def alias(account: str) -> str:
        return Voices(key()).alias(account)

    return alias
