"""The CKAN connector keeps the contract, and pages until a page is not full."""

from pathlib import Path
from typing import Any, ClassVar

import pytest

from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Wanted
from sympolis.plugins.connectors.ckan import CkanConnector
from sympolis.plugins.connectors.ckan.settings import CkanSettings
from sympolis.testing.connectors import PagedContract
from sympolis.testing.paging import PORTAL, fetched, query, rows_of


class TestContract(PagedContract):
    settings: ClassVar[dict[str, Any]] = {"resource": "r1"}
    page: ClassVar[Any] = {"success": True, "result": {"records": [{"_id": n, "id": n} for n in range(3)]}}

    @pytest.fixture
    def connector(self) -> Connector:
        return CkanConnector()


def answers(wanted: Wanted) -> Any:
    """Five rows, by offset and limit."""
    asked = query(wanted)
    first = int(asked["offset"])
    rows = [{"_id": n, "n": n} for n in range(5)][first : first + int(asked["limit"])]
    return {"success": True, "result": {"records": rows}}


@pytest.mark.parametrize(("page_rows", "pages"), [(2, 3), (5, 2), (6, 1)])
def test_every_row_comes_once(tmp_path: Path, page_rows: int, pages: int) -> None:
    settings = CkanSettings(resource="r1", page_rows=page_rows)
    wanted = fetched(CkanConnector(), PORTAL, settings, answers, tmp_path)
    assert len(wanted) == pages and all(query(one)["sort"] == "_id" for one in wanted)
    records = rows_of(CkanConnector(), PORTAL, settings, answers, tmp_path / "again")
    assert [record.fields for record in records] == [{"n": n} for n in range(5)]


def test_the_portal_s_error_is_told(tmp_path: Path) -> None:
    answer = {"success": False, "error": {"message": "Resource was not found."}}
    with pytest.raises(errors.SourceFailed, match="not found"):
        rows_of(CkanConnector(), PORTAL, CkanSettings(resource="r"), lambda _: answer, tmp_path / "d")


def test_an_answer_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.SourceFailed, match="no result"):
        rows_of(CkanConnector(), PORTAL, CkanSettings(resource="r"), lambda _: {"x": 1}, tmp_path / "d")
