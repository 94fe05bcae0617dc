"""Both ledgers keep the contract; the embedded one also keeps what it was told across a restart."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sympolis.acquisition.ledger import Ledger, MemoryLedger
from sympolis.domain.errors import StoreUnavailable
from sympolis.stores.embedded.ledger import FILE, EmbeddedLedger
from sympolis.testing.ledger import LedgerContract, a_row, a_run


class TestMemoryLedger(LedgerContract):
    @pytest.fixture
    def ledger(self) -> Ledger:
        return MemoryLedger()


class TestEmbeddedLedger(LedgerContract):
    @pytest.fixture
    def ledger(self, tmp_path: Path) -> Iterator[Ledger]:
        ledger = EmbeddedLedger.open(tmp_path)
        yield ledger
        ledger.close()

    def test_everything_survives_a_restart(self, tmp_path: Path) -> None:
        first = EmbeddedLedger.open(tmp_path)
        first.record_run(a_run(1))
        first.record_fingerprints("air", {1: 2})
        first.hold([a_row(1)])
        first.close()
        second = EmbeddedLedger.open(tmp_path)
        assert second.runs("air") == [a_run(1)]
        assert second.fingerprints("air") == {1: 2}
        assert second.rows("air") == (1, [a_row(1)])
        second.close()

    def test_a_file_that_is_no_ledger_is_named(self, tmp_path: Path) -> None:
        (tmp_path / FILE).write_bytes(b"not a database" * 100)
        with pytest.raises(StoreUnavailable) as refused:
            EmbeddedLedger.open(tmp_path)
        assert FILE in refused.value.where
