"""The CKAN connector keeps the contract, and pages until a page is not full.

Fixtures are composed after ``datastore_search`` of the DataStore API (https://docs.ckan.org/en/latest/maintaining/datastore.html).
"""

from pathlib import Path
from typing import Any, ClassVar

import pytest

from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Wanted
from sympolis.plugins.connectors.ckan import CkanConnector
from sympolis.plugins.connectors.ckan.settings import CkanSettings
from sympolis.testing.connectors import PagedContract
from sympolis.testing.paging import PORTAL, fetched, query, recorded, rows_of

FIXTURES = Path(__file__).parent / "fixtures"
RESOURCE = "6f0c2b4e-0a51-4c0e-9d0a-3c9c1f1f7e10"
SEARCH = f"https://portal.example/base/api/3/action/datastore_search?resource_id={RESOURCE}"


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


def test_recorded_pages_give_their_rows(tmp_path: Path) -> None:
    answers = recorded(
        FIXTURES,
        {
            f"{SEARCH}&limit=2&offset=0&sort=_id": "page-1.json",
            f"{SEARCH}&limit=2&offset=2&sort=_id": "page-2.json",
        },
    )
    settings = CkanSettings(resource=RESOURCE, page_rows=2)
    records = rows_of(CkanConnector(), PORTAL, settings, answers, tmp_path / "d")
    assert [record.fields["name"] for record in records] == ["Porta Nuova", "Ospedale", "Università"]
    assert records[0].fields == {
        "stop": "4021",
        "name": "Porta Nuova",
        "boardings": 1820,
        "day": "2024-03-04T00:00:00",
    }
    assert records[2].fields["boardings"] is None


@pytest.mark.parametrize(("page_rows", "pages"), [(2, 3), (5, 2), (6, 1)])
def test_every_row_comes_once(tmp_path: Path, page_rows: int, pages: int) -> None:
    settings = CkanSettings(resource="r1", page_rows=page_rows)
    wanted = fetched(CkanConnector(), PORTAL, settings, answers, tmp_path)
    assert len(wanted) == pages and all(query(one)["sort"] == "_id" for one in wanted)
    records = rows_of(CkanConnector(), PORTAL, settings, answers, tmp_path / "again")
    assert [record.fields for record in records] == [{"n": n} for n in range(5)]


def test_the_portal_s_error_is_told(tmp_path: Path) -> None:
    answer = (FIXTURES / "not-found.json").read_bytes()
    with pytest.raises(errors.SourceFailed, match="was not found"):
        rows_of(CkanConnector(), PORTAL, CkanSettings(resource="r"), lambda _: answer, tmp_path / "d")


def test_an_answer_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.SourceFailed, match="no result"):
        rows_of(CkanConnector(), PORTAL, CkanSettings(resource="r"), lambda _: {"x": 1}, tmp_path / "d")
