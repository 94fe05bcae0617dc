"""All pages that SQLite keeps at hand come out of one budget, however many files are open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from sympolis.stores.embedded import files

_BUDGET = 3_000_000


@pytest.fixture
def budget(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    before = apsw.soft_heap_limit(0)
    monkeypatch.setattr(files, "_MOST_MEMORY", apsw.memory_used() + _BUDGET)
    files.bound_memory()
    yield apsw.soft_heap_limit(-1)
    apsw.soft_heap_limit(0)
    apsw.soft_heap_limit(before)


def _filled(path: Path) -> Path:
    connection = apsw.Connection(str(path))
    connection.execute(
        "CREATE TABLE page (body BLOB);"
        "WITH RECURSIVE nr (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM nr WHERE n < 4000)"
        "INSERT INTO page SELECT zeroblob(1000) FROM nr"
    )
    connection.close()
    return path


def test_connections_to_many_files_share_one_budget(tmp_path: Path, budget: int) -> None:
    readers = [files.open_reader(_filled(tmp_path / f"{n}.sqlite"), cache_kb=64_000) for n in range(3)]
    for reader in readers:
        reader.execute("SELECT sum(length(CAST(body AS TEXT))) FROM page").fetchall()

    assert apsw.memory_used() <= budget * 1.1  # the bound is a soft one
    for reader in readers:
        reader.close()


def test_a_budget_that_somebody_has_set_is_kept(budget: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_MOST_MEMORY", 1)

    files.bound_memory()

    assert apsw.soft_heap_limit(-1) == budget
