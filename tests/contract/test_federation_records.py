"""What a twin keeps of its dealings with others: in memory, and in a file that only its user may read."""

from __future__ import annotations

import stat
from pathlib import Path

import msgspec
import pytest

from sympolis.dataspace.records import MemoryRecords, Records
from sympolis.stores.embedded.federation import FederationBook


class Thing(msgspec.Struct, frozen=True):
    id: str
    text: str = ""


@pytest.fixture(params=["memory", "embedded", "embedded-memory"])
def records(request: pytest.FixtureRequest, tmp_path: Path) -> Records:
    if request.param == "memory":
        return MemoryRecords()
    return FederationBook.open(tmp_path) if request.param == "embedded" else FederationBook.in_memory()


def test_what_is_kept_is_found_replaced_listed_and_let_go(records: Records) -> None:
    records.keep("thing", "b", Thing("b", "Größe"))
    records.keep("thing", "a", Thing("a"))
    records.keep("thing", "b", Thing("b", "new"))
    records.keep("other", "a", Thing("other"))
    assert records.find("thing", "b", Thing) == Thing("b", "new")
    assert records.find("thing", "c", Thing) is None
    assert [one.id for one in records.all("thing", Thing)] == ["a", "b"]
    assert records.drop("thing", "a") and not records.drop("thing", "a")
    assert records.find("other", "a", Thing) == Thing("other")
    records.close()


def test_numbers_never_come_twice(records: Records) -> None:
    assert [records.next_number("x") for _ in range(3)] == [0, 1, 2]
    assert records.next_number("y") == 0
    records.close()


def test_the_file_is_its_users_alone_and_lasts(tmp_path: Path) -> None:
    book = FederationBook.open(tmp_path / "federation")
    book.keep("key", "1", Thing("secret"))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "federation").iterdir()}
    assert modes and all(mode == 0o600 for mode in modes.values()), modes
    book.close()
    again = FederationBook.open(tmp_path / "federation")
    assert again.find("key", "1", Thing) == Thing("secret")
    again.close()
