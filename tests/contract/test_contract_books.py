"""Every book of contracts keeps the contract; the embedded one also remembers after a restart."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from sympolis.dataspace.contracts.book import ContractBook, MemoryBook
from sympolis.dataspace.dsp.processes import Agreement, Negotiation
from sympolis.domain import errors
from sympolis.stores.embedded.contracts import EmbeddedContracts
from sympolis.testing.contracts import ContractBookContract, a_negotiation, a_use, an_agreement


class TestMemoryBook(ContractBookContract):
    @pytest.fixture
    def book(self) -> ContractBook:
        return MemoryBook()


class TestEmbeddedContracts(ContractBookContract):
    @pytest.fixture
    def book(self, tmp_path: Path) -> Iterator[ContractBook]:
        book = EmbeddedContracts.open(tmp_path)
        yield book
        book.close()

    def test_it_remembers(self, tmp_path: Path) -> None:
        book = EmbeddedContracts.open(tmp_path)
        book.add(a_negotiation())
        book.add(an_agreement())
        book.use(a_use())
        book.count("rule")
        book.close()
        again = EmbeddedContracts.open(tmp_path)
        assert again.count_open(Negotiation, "did:web:a.test") == 1
        assert again.find(Negotiation, "urn:n:1") == a_negotiation()
        assert again.page(Agreement) == [an_agreement()]
        assert again.use(a_use()) == 2
        assert again.count("rule") == 2
        again.close()

    def test_nobody_else_may_read_it(self, tmp_path: Path) -> None:
        EmbeddedContracts.open(tmp_path).close()
        assert stat.S_IMODE((tmp_path / EmbeddedContracts.FILE).stat().st_mode) == 0o600

    def test_a_damaged_file_is_a_sentence(self, tmp_path: Path) -> None:
        (tmp_path / EmbeddedContracts.FILE).write_bytes(b"not a database, whatever its name says" * 100)
        with pytest.raises(errors.StoreUnavailable, match="backup"):
            EmbeddedContracts.open(tmp_path)
