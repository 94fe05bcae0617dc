"""Many rows by one statement: SQLite's machine is started once for them, and Python's lock handed over once.

apsw lets other threads run at every step of a statement. While the event loop is busy, a writer that takes a step for
each row asks for its turn again and again; ``VALUES (…), (…)`` is one step.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final

import apsw

_AT_ONCE: Final = 64
_FEW: Final = 16
"""So many are inserted by one statement whatever their number; more of them by few sizes, so that all stay prepared."""
_ROW: Final = re.compile(r"VALUES (\(\?(?:, \?)*\))")


def insert(db: apsw.Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert these rows in their order by a statement with ``VALUES (?, …)`` for one."""
    begin = 0
    while left := len(rows) - begin:
        count = left if left <= _FEW else min(_AT_ONCE, 1 << left.bit_length() - 1)
        db.execute(_for(statement, count), tuple(chain.from_iterable(rows[begin : begin + count])))
        begin += count


@lru_cache(maxsize=512)
def _for(statement: str, count: int) -> str:
    """The statement for so many rows."""
    return _ROW.sub(lambda found: "VALUES " + ", ".join([found[1]] * count), statement, count=1)
