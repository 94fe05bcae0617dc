"""The CSV connector keeps the contract and says where a table is wrong."""

from pathlib import Path
from typing import Any, ClassVar

import pytest

from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Origin, Record
from sympolis.plugins.connectors.csv import CsvConnector
from sympolis.plugins.connectors.csv.settings import CsvSettings
from sympolis.testing.connectors import ConnectorContract

FIXTURES = Path(__file__).parent / "fixtures"


class TestContract(ConnectorContract):
    settings: ClassVar[dict[str, Any]] = {"delimiter": ";"}

    @pytest.fixture
    def connector(self) -> Connector:
        return CsvConnector()

    @pytest.fixture
    def sound(self) -> Origin:
        return Origin(FIXTURES / "streets.csv")

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Origin:
        return _table(tmp_path, "id;name\n1;Citt\xe0\n".encode("latin-1"))


def _table(folder: Path, content: bytes) -> Origin:
    path = folder / "table.csv"
    path.write_bytes(content)
    return Origin(path)


def _read(folder: Path, content: bytes, **settings: Any) -> list[Record]:
    return list(CsvConnector().read(_table(folder, content), CsvSettings(**settings)))


def test_cells_are_text_and_empty_ones_are_nothing(tmp_path: Path) -> None:
    [record] = _read(tmp_path, b"\xef\xbb\xbfa,b,c\n 007 ,,n.d.\n", missing=("", "n.d."))
    assert record.fields == {"a": "007", "b": None, "c": None}


def test_dialect_options(tmp_path: Path) -> None:
    content = "Titolo del file\nnome;note\n'Via; Emilia';città\n".encode("cp1252")
    [record] = _read(tmp_path, content, delimiter=";", quote="'", encoding="cp1252", skip_lines=1)
    assert record.fields == {"nome": "Via; Emilia", "note": "città"}


@pytest.mark.parametrize("row", [b"1\n", b"1,2,3\n"])
def test_a_row_of_another_length_is_kept_with_its_fault(tmp_path: Path, row: bytes) -> None:
    [record] = _read(tmp_path, b"a,b\n" + row)
    assert record.faults
    assert "2" in record.faults[0]


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "no header"),
        (b"a,a\n1,2\n", "two columns called 'a'"),
        (b'a,b\n"x\x00y,2\n' + b'"' + b"z" * 200_000, "line"),
    ],
)
def test_a_table_without_sense_is_refused(tmp_path: Path, content: bytes, part: str) -> None:
    with pytest.raises(errors.SourceFailed, match=part):
        _read(tmp_path, content)
