"""The LDES connector keeps the contract, reads every page once, and never puts an old version after a new one.

Fixtures are composed after the TREE and LDES specifications (https://w3id.org/tree/specification, https://w3id.org/ldes/specification).
"""

from pathlib import Path
from typing import Any, ClassVar

import pytest

from sympolis.domain import errors
from sympolis.plugins.connector import Connector, Incremental, Note, Origin, Page, Record
from sympolis.plugins.connectors.ldes import LdesConnector
from sympolis.plugins.connectors.ldes.settings import LdesSettings
from sympolis.testing.connectors import RecognisingContract
from sympolis.testing.paging import recorded, rows_of

FIXTURES = Path(__file__).parent / "fixtures"
ROOT = "https://there.example/ldes/Parking"
HEAD = f"""
@prefix tree: <https://w3id.org/tree#> .
@prefix ldes: <https://w3id.org/ldes#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix geo: <http://www.opengis.net/ont/geosparql#> .
@prefix p: <https://there.example/terms/> .
@prefix as: <https://www.w3.org/ns/activitystreams#> .
<{ROOT}#stream> a ldes:EventStream ; ldes:versionOfPath dct:isVersionOf ; ldes:timestampPath dct:modified ;
  tree:view <{ROOT}> .
"""


def member(number: int, hour: int, free: int, kind: str = "p:Parking") -> str:
    return f"""
<{ROOT}#stream> tree:member <urn:p:{number}#{hour}> .
<urn:p:{number}#{hour}> a {kind} ; dct:isVersionOf <urn:p:{number}> ;
  dct:modified "2026-03-01T{hour:02d}:00:00Z"^^xsd:dateTime ; p:free {free} ; p:name "Uno"@it ; p:open true ;
  p:at [ p:shape "POINT (11.34 44.49)"^^geo:wktLiteral ; p:level 2 ] .
"""


def leading(page: str, following: str, more: str = "a tree:Relation") -> str:
    return f"<{page}> tree:relation [ {more} ; tree:node <{following}> ] .\n"


class TestContract(RecognisingContract):
    settings: ClassVar[dict[str, Any]] = {}

    @pytest.fixture
    def connector(self) -> Connector:
        return LdesConnector()

    @pytest.fixture
    def sound(self) -> Origin:
        return Origin(FIXTURES / "root.ttl")

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Origin:
        path = tmp_path / "stream.ttl"
        path.write_text((HEAD + member(1, 8, 5))[:-60])
        return Origin(path)


class Stream:
    """Pages by address; all but the last are immutable."""

    def __init__(self, **pages: str) -> None:
        self.pages = {
            ROOT + ("" if name == "root" else f"?page={name}"): text for name, text in pages.items()
        }
        self.open: set[str] = set()
        self.asked: list[str] = []
        self.media = "text/turtle; charset=utf-8"

    def fetch(self, folder: Path, bookmark: str | None = None, **settings: Any) -> tuple[list[Record], str]:
        """Rows and bookmark of a delivery."""
        connector, chosen = LdesConnector(), LdesSettings(**settings)
        assert isinstance(connector, Incremental)
        folder.mkdir()
        self.asked = []
        pages = connector.pages(Origin(url=ROOT, bookmark=bookmark), chosen)
        wanted = next(pages, None)
        while wanted is not None:
            path = folder / wanted.name
            headers = {"content-type": self.media}
            if isinstance(wanted, Note):
                path.write_bytes(wanted.content)
            else:
                self.asked.append(wanted.url.removeprefix(ROOT))
                path.write_text(HEAD + self.pages[wanted.url])
                if wanted.url not in self.open:
                    headers["cache-control"] = "public, max-age=604800, immutable"
            try:
                wanted = pages.send(Page(path, headers))
            except StopIteration:
                wanted = None
        origin = Origin(folder, ROOT, bookmark=bookmark)
        return list(connector.read(origin, chosen)), connector.bookmark(origin, chosen)


def two_pages() -> Stream:
    found = Stream(
        root=member(1, 9, 7) + member(2, 8, 5) + leading(ROOT, f"{ROOT}?page=b"),
        b=member(1, 8, 3) + leading(f"{ROOT}?page=b", ROOT),
    )
    found.open = {f"{ROOT}?page=b"}
    return found


def test_a_recorded_stream_gives_the_newest_of_each_thing(tmp_path: Path) -> None:
    answers = recorded(FIXTURES, {ROOT: "root.ttl", f"{ROOT}?page=2": "page-2.ttl"})
    rows = rows_of(LdesConnector(), Origin(url=ROOT), LdesSettings(), answers, tmp_path / "d")
    assert {row.fields["local_id"]: row.fields["free"] for row in rows} == {"1": 3, "2": 5}, "3 was deleted"
    assert {row.fields["name"] for row in rows} == {"Uno", "Due"}


def test_each_thing_comes_once_in_its_newest_version(tmp_path: Path) -> None:
    rows, _ = two_pages().fetch(tmp_path / "d")
    assert {row.fields["version_of"]: row.fields["free"] for row in rows} == {"urn:p:1": 7, "urn:p:2": 5}
    assert [row.number for row in rows] == [1, 2]


def test_every_version_comes_where_that_is_wanted(tmp_path: Path) -> None:
    rows, _ = two_pages().fetch(tmp_path / "d", latest=False)
    assert sorted(row.fields["free"] for row in rows) == [3, 5, 7]


def test_a_row_has_its_predicates_and_geometry(tmp_path: Path) -> None:
    [row] = Stream(root=member(1, 9, 7)).fetch(tmp_path / "d")[0]
    assert row.geometry == {"type": "Point", "coordinates": [11.34, 44.49]}
    wanted = {"free": 7, "open": True, "name": "Uno", "at.level": 2, "local_id": "1", "version_of": "urn:p:1"}
    assert wanted.items() <= row.fields.items()


def test_only_what_may_have_grown_is_read_again(tmp_path: Path) -> None:
    stream = two_pages()
    _, mark = stream.fetch(tmp_path / "a")
    assert stream.asked == ["", "?page=b"]
    _, same = stream.fetch(tmp_path / "b", mark)
    assert stream.asked == ["?page=b"] and same == mark
    stream.pages[f"{ROOT}?page=b"] += member(3, 10, 1) + leading(f"{ROOT}?page=b", f"{ROOT}?page=c")
    stream.pages[f"{ROOT}?page=c"] = member(4, 11, 2)
    stream.open = {f"{ROOT}?page=c"}
    rows, newer = stream.fetch(tmp_path / "c", mark)
    assert stream.asked == ["?page=b", "?page=c"] and newer != mark
    assert {row.fields["local_id"] for row in rows} == {"1", "3", "4"}


def test_an_open_page_that_grew_moves_the_bookmark(tmp_path: Path) -> None:
    stream = two_pages()
    _, mark = stream.fetch(tmp_path / "a")
    stream.pages[f"{ROOT}?page=b"] += member(5, 12, 2)
    assert stream.fetch(tmp_path / "b", mark)[1] != mark


def test_a_limit_leaves_the_rest_for_the_next_time(tmp_path: Path) -> None:
    stream = two_pages()
    _, mark = stream.fetch(tmp_path / "a", most_pages=1)
    assert stream.asked == [""]
    stream.fetch(tmp_path / "b", mark, most_pages=1)
    assert stream.asked == ["?page=b"]


def test_pages_of_before_are_not_read(tmp_path: Path) -> None:
    older = 'a tree:LessThanRelation ; tree:value "2026-01-01T00:00:00Z"^^xsd:dateTime'
    newer = 'a tree:GreaterThanOrEqualToRelation ; tree:value "2026-01-01T00:00:00Z"^^xsd:dateTime'
    stream = Stream(
        root=leading(ROOT, f"{ROOT}?page=old", older) + leading(ROOT, f"{ROOT}?page=new", newer),
        old=member(1, 1, 1),
        new=member(2, 2, 2),
    )
    assert len(stream.fetch(tmp_path / "d", since="2026-02-01")[0]) == 1
    assert stream.asked == ["", "?page=new"]


def test_types_and_deletions_are_left_out(tmp_path: Path) -> None:
    text = member(1, 8, 1) + member(2, 8, 1, "p:Other") + member(3, 8, 1) + member(3, 9, 1, "as:Delete")
    rows, _ = Stream(root=text).fetch(tmp_path / "d", types=("https://there.example/terms/Parking",))
    assert [row.fields["local_id"] for row in rows] == ["1"]


def test_json_ld_is_not_taken(tmp_path: Path) -> None:
    stream = two_pages()
    stream.media = "application/ld+json"
    with pytest.raises(errors.SourceFailed, match=r"answers with application/ld\+json"):
        stream.fetch(tmp_path / "d")
