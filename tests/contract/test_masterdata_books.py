"""Every book of master data keeps the contract; the embedded one also remembers after a restart."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sympolis.domain import errors
from sympolis.governance.masterdata.model import Book, MemoryBook
from sympolis.stores.embedded.masterdata import FILE, EmbeddedBook
from sympolis.testing.masterdata import BookContract, a_decision, an_unknown


class TestMemoryBook(BookContract):
    @pytest.fixture
    def book(self) -> Book:
        return MemoryBook()


class TestEmbeddedBook(BookContract):
    @pytest.fixture
    def book(self, tmp_path: Path) -> Iterator[Book]:
        book = EmbeddedBook.open(tmp_path)
        yield book
        book.close()

    def test_it_remembers(self, tmp_path: Path) -> None:
        book = EmbeddedBook.open(tmp_path)
        taken = book.decide(a_decision())
        book.note(an_unknown())
        book.close()
        again = EmbeddedBook.open(tmp_path)
        assert again.decisions() == [taken]
        assert again.unknowns() == [an_unknown()]
        assert again.decide(a_decision()).number == 2
        again.close()

    def test_a_damaged_file_is_a_sentence(self, tmp_path: Path) -> None:
        (tmp_path / FILE).write_bytes(b"not a database, whatever its name says" * 100)
        with pytest.raises(errors.StoreUnavailable, match="backup"):
            EmbeddedBook.open(tmp_path)
