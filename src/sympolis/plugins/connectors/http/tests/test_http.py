"""The HTTP connector keeps the contract, and finds the files that a page links to."""

from pathlib import Path
from typing import Any, ClassVar

import pytest

from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Origin, Wanted
from sympolis.plugins.connectors.http import HttpConnector
from sympolis.plugins.connectors.http.settings import HttpSettings
from sympolis.testing.connectors import ConnectorContract
from sympolis.testing.paging import fetched, rows_of

BASE = "https://data.example/counts/"
ORIGIN = Origin(url=BASE, secrets={"data": "s3cret"})
FIXTURES = Path(__file__).parent / "fixtures"
PAGE = (FIXTURES / "page.html").read_bytes()
FILES = {
    BASE: PAGE,
    f"{BASE}counts-2026.csv": (FIXTURES / "counts-2026.csv").read_bytes(),
    "https://files.example/counts-2025.csv": (FIXTURES / "counts-2025.csv").read_bytes(),
}


def answers(wanted: Wanted) -> Any:
    return FILES[wanted.url]


class TestContract(ConnectorContract):
    settings: ClassVar[dict[str, Any]] = {"pattern": "counts-*.csv"}

    @pytest.fixture
    def connector(self) -> Connector:
        return HttpConnector()

    @pytest.fixture
    def sound(self, tmp_path: Path) -> Origin:
        folder = tmp_path / "sound"
        folder.mkdir()
        fetched(HttpConnector(), ORIGIN, HttpSettings(**self.settings), answers, folder)
        return Origin(folder)

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Origin:
        path = tmp_path / "one.csv"
        path.write_bytes(b"")
        return Origin(path)


def test_linked_files_are_read_with_their_names(tmp_path: Path) -> None:
    settings = HttpSettings(pattern="counts-*.csv", token="data")  # noqa: S106
    rows = rows_of(HttpConnector(), ORIGIN, settings, answers, tmp_path / "d")
    assert [row.fields["id"] for row in rows] == ["1", "2", "3"]
    assert rows[0].fields["file_name"] == f"{BASE}counts-2026.csv"


def test_the_token_stays_at_home(tmp_path: Path) -> None:
    settings = HttpSettings(pattern="counts-*.csv", token="data")  # noqa: S106
    page, own, other = fetched(HttpConnector(), ORIGIN, settings, answers, tmp_path)
    assert page.headers == own.headers == {"Authorization": "Bearer s3cret"} and other.headers == {}


def test_named_files_are_fetched_in_their_order(tmp_path: Path) -> None:
    settings = HttpSettings(files=("https://files.example/counts-2025.csv", "counts-2026.csv"))
    wanted = fetched(HttpConnector(), ORIGIN, settings, answers, tmp_path)
    assert [one.url for one in wanted] == list(FILES)[:0:-1]


@pytest.mark.parametrize(
    ("settings", "part"),
    [({"pattern": "*.parquet"}, "links to no such file"), ({"most_files": 1}, "more than 1")],
)
def test_a_page_that_does_not_fit_is_told(tmp_path: Path, settings: dict[str, Any], part: str) -> None:
    with pytest.raises(errors.SourceFailed, match=part):
        fetched(HttpConnector(), ORIGIN, HttpSettings(**settings), answers, tmp_path)
