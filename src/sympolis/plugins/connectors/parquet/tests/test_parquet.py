"""The Parquet connector keeps the contract, reads GeoParquet and never brings pyarrow into its own process."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Origin
from sympolis.plugins.connectors.parquet import ParquetConnector
from sympolis.plugins.connectors.parquet.settings import ParquetSettings
from sympolis.testing.connectors import ConnectorContract


@pytest.fixture
def table() -> Path:
    """A table of three rows with times, an empty cell and points as WKB, as pyarrow wrote it."""
    return Path(__file__).parent / "fixtures" / "counts.parquet"


class TestContract(ConnectorContract):
    settings: ClassVar[dict[str, Any]] = {"columns": ("loop", "count")}

    @pytest.fixture
    def connector(self) -> Connector:
        return ParquetConnector()

    @pytest.fixture
    def sound(self, table: Path) -> Origin:
        return Origin(table)

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Origin:
        path = tmp_path / "broken.parquet"
        path.write_bytes(b"PAR1 but not for long")
        return Origin(path)


def test_values_keep_their_types_and_wkb_becomes_geometry(table: Path) -> None:
    first, second, third = ParquetConnector().read(
        Origin(table), ParquetSettings(geometry_column="shape", batch_rows=2)
    )
    assert first.fields == {"loop": "a", "at": datetime(2024, 1, 1, tzinfo=UTC), "count": 1}
    assert first.geometry == {"type": "Point", "coordinates": [11.3, 44.5]}
    assert (second.geometry, third.number) == (None, 3)
    assert third.fields["loop"] is None


def test_an_unknown_column_is_named(table: Path) -> None:
    with pytest.raises(errors.SourceFailed, match="no column counts; it has loop"):
        list(ParquetConnector().read(Origin(table), ParquetSettings(columns=("counts",))))


def test_the_reading_process_does_not_import_pyarrow(table: Path) -> None:
    code = (
        "import pathlib, sys\n"
        "from sympolis.plugins.connectors.parquet import ParquetConnector as C\n"
        "from sympolis.plugins.connector import Origin\n"
        "rows = list(C().read(Origin(pathlib.Path(sys.argv[1])), C.settings_type(columns=('count',))))\n"
        "assert len(rows) == 3 and 'pyarrow' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code, str(table)], check=True)  # noqa: S603 - this very interpreter
