"""The CKAN connector keeps the contract, and pages until a page is not full."""

from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Origin, Wanted
from sympolis.plugins.connectors.ckan import CkanConnector
from sympolis.plugins.connectors.ckan.settings import CkanSettings
from sympolis.testing.connectors import ConnectorContract
from sympolis.testing.paging import fetched, rows_of

ORIGIN = Origin(url="https://portal.example/base")


def query(wanted: Wanted) -> dict[str, str]:
    """The parameters of what is wanted."""
    return {name: values[0] for name, values in parse_qs(urlsplit(wanted.url).query).items()}


class TestContract(ConnectorContract):
    settings: ClassVar[dict[str, Any]] = {"resource": "r1"}

    @pytest.fixture
    def connector(self) -> Connector:
        return CkanConnector()

    @pytest.fixture
    def sound(self, tmp_path: Path) -> Origin:
        folder = tmp_path / "sound"
        folder.mkdir()
        page = {"success": True, "result": {"records": [{"_id": n, "id": n} for n in range(3)]}}
        (folder / "page-1.json").write_bytes(msgspec.json.encode(page))
        return Origin(folder)

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Origin:
        path = tmp_path / "broken.json"
        path.write_text('{"half": ')
        return Origin(path)


def answers(wanted: Wanted) -> Any:
    """Five rows, by offset and limit."""
    asked = query(wanted)
    first = int(asked["offset"])
    rows = [{"_id": n, "n": n} for n in range(5)][first : first + int(asked["limit"])]
    return {"success": True, "result": {"records": rows}}


@pytest.mark.parametrize(("page_rows", "pages"), [(2, 3), (5, 2), (6, 1)])
def test_every_row_comes_once(tmp_path: Path, page_rows: int, pages: int) -> None:
    settings = CkanSettings(resource="r1", page_rows=page_rows)
    wanted = fetched(CkanConnector(), ORIGIN, settings, answers, tmp_path)
    assert len(wanted) == pages and all(query(one)["sort"] == "_id" for one in wanted)
    records = rows_of(CkanConnector(), ORIGIN, settings, answers, tmp_path / "again")
    assert [record.fields for record in records] == [{"n": n} for n in range(5)]


def test_the_portal_s_error_is_told(tmp_path: Path) -> None:
    answer = {"success": False, "error": {"message": "Resource was not found."}}
    with pytest.raises(errors.SourceFailed, match="not found"):
        rows_of(CkanConnector(), ORIGIN, CkanSettings(resource="r"), lambda _: answer, tmp_path / "d")


def test_an_answer_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.SourceFailed, match="no result"):
        rows_of(CkanConnector(), ORIGIN, CkanSettings(resource="r"), lambda _: {"x": 1}, tmp_path / "d")
