"""Deliveries come whole or not at all, within bounds, and only where something has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from sympolis.acquisition.deliveries import Deliveries, Delivery, manifest_of
from sympolis.acquisition.ingest import PlannedSource
from sympolis.acquisition.retrieval import Downloaded, Retriever
from sympolis.acquisition.schedule import next_time
from sympolis.acquisition.source import Refresh, Source
from sympolis.domain import errors
from sympolis.plugins.connector import Origin, Page, Pages, Record, Wanted

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ADDRESS = "https://portal.example/data.csv"


@dataclass
class Portal:
    """A portal that serves documents by address and remembers what it was asked."""

    documents: dict[str, bytes]
    etag: str | None = None
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    limits: list[dict[str, Any]] = field(default_factory=list)

    async def download(
        self, url: str, *, headers: Mapping[str, str], to: Path, most_bytes: int, **limits: Any
    ) -> Downloaded:
        self.limits.append(limits)
        self.asked.append((url, dict(headers)))
        if self.etag is not None and headers.get("If-None-Match") == self.etag:
            return Downloaded(304, {})
        content = self.documents.get(url)
        if content is None:
            raise errors.SourceFailed("the portal answered 404", where=url)
        if len(content) > most_bytes:
            raise errors.SourceFailed("is too large", where=url)
        to.write_bytes(content)
        return Downloaded(200, {} if self.etag is None else {"etag": self.etag})


class OneFile:
    id: ClassVar[str] = "file"
    settings_type: ClassVar[type] = object

    def read(self, origin: Origin, settings: Any) -> Iterator[Record]:
        return iter(())


class Chained(OneFile):
    """Wants the next page as long as a page names one."""

    def pages(self, origin: Origin, settings: Any) -> Pages:
        following: str | None = origin.url
        while following:
            page: Page = yield Wanted(following, "../../page.json")
            following = page.path.read_text() or None


def source(**refresh: Any) -> PlannedSource:
    declared = Source(
        id="loops",
        title={"en": "Loops"},
        connector="file",
        mapping="loops",
        path="samples/loops.csv",
        url="https://portal.example",
        licence="CC-BY-4.0",
        owner="City",
        attribution="City",
        refresh=Refresh(url=ADDRESS, **refresh),
    )
    return PlannedSource(declared, None, Path("samples/loops.csv"), None)  # type: ignore[arg-type]


@pytest.fixture
def deliveries(tmp_path: Path) -> Deliveries:
    return Deliveries(tmp_path)


def taken(
    portal: Portal,
    deliveries: Deliveries,
    *,
    connector: Any = None,
    planned: PlannedSource | None = None,
    day: int = 0,
) -> Delivery:
    retriever = Retriever(portal.download, deliveries, clock=lambda: NOW + timedelta(days=day))
    return asyncio.run(retriever.retrieve(planned or source(), connector or OneFile()))


def test_a_delivery_is_kept_as_it_came(deliveries: Deliveries) -> None:
    delivery = taken(Portal({ADDRESS: b"a,b\n1,2\n"}), deliveries)
    assert delivery.path.name == "data.csv" and delivery.path.read_bytes() == b"a,b\n1,2\n"
    assert delivery.to_json()["bytes"] == 8 and delivery.manifest.url == ADDRESS
    assert deliveries.newest("loops") == delivery


def test_a_source_may_be_read_no_faster_than_it_says(deliveries: Deliveries) -> None:
    portal = Portal({ADDRESS: b"a"})
    taken(portal, deliveries, planned=source(max_kb_s=50))
    taken(portal, deliveries)
    assert [one["most_bytes_s"] for one in portal.limits] == [50_000, None]


def test_what_has_not_changed_makes_no_new_delivery(deliveries: Deliveries) -> None:
    portal = Portal({ADDRESS: b"same"})
    assert taken(portal, deliveries) == taken(portal, deliveries, day=1)
    portal.documents[ADDRESS] = b"other"
    newer = taken(portal, deliveries, day=2)
    assert next(one.id for one in deliveries.all("loops")) == newer.id and len(deliveries.all("loops")) == 2


def test_a_portal_is_asked_only_for_what_is_newer(deliveries: Deliveries) -> None:
    portal = Portal({ADDRESS: b"x"}, etag='"v1"')
    first = taken(portal, deliveries)
    assert taken(portal, deliveries, day=1) == first
    assert portal.asked[-1][1] == {"If-None-Match": '"v1"'}


def test_only_the_newest_deliveries_are_kept(deliveries: Deliveries) -> None:
    portal = Portal({})
    for day in range(4):
        portal.documents[ADDRESS] = b"%d" % day
        taken(portal, deliveries, planned=source(keep=2), day=day)
    assert [one.path.read_bytes() for one in deliveries.all("loops")] == [b"3", b"2"]


def test_pages_are_followed_and_stay_in_their_folder(deliveries: Deliveries, tmp_path: Path) -> None:
    portal = Portal({ADDRESS: b"https://portal.example/2", "https://portal.example/2": b""})
    delivery = taken(portal, deliveries, connector=Chained())
    assert delivery.path.is_dir() and len(delivery.manifest.files) == 2
    assert all((delivery.path / name).is_file() for name in delivery.manifest.files)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["loops"]


def test_a_delivery_that_breaks_off_leaves_the_last_one(deliveries: Deliveries, tmp_path: Path) -> None:
    portal = Portal({ADDRESS: b"https://portal.example/2", "https://portal.example/2": b""})
    whole = taken(portal, deliveries, connector=Chained())
    del portal.documents["https://portal.example/2"]
    portal.documents[ADDRESS] = b"https://portal.example/2 "
    with pytest.raises(errors.SourceFailed, match="404"):
        taken(portal, deliveries, connector=Chained(), day=1)
    assert deliveries.newest("loops") == whole
    assert [one.name for one in (tmp_path / "loops").iterdir()] == [whole.id]


def test_pages_together_are_bounded(deliveries: Deliveries) -> None:
    portal = Portal({ADDRESS: ADDRESS.encode() + b" " * 600_000})

    class Endless(OneFile):
        def pages(self, origin: Origin, settings: Any) -> Pages:
            while True:
                yield Wanted(ADDRESS, "page")

    with pytest.raises(errors.SourceFailed, match=r"large"):
        taken(portal, deliveries, connector=Endless(), planned=source(max_size_mb=1))


def test_a_source_without_refresh_says_what_to_do(deliveries: Deliveries) -> None:
    planned = source()
    bare = replace(planned, source=replace(planned.source, refresh=None))
    with pytest.raises(errors.Conflict) as refused:
        taken(Portal({}), deliveries, planned=bare)
    assert "[refresh]" in refused.value.hint


def test_a_half_made_delivery_is_not_one(deliveries: Deliveries, tmp_path: Path) -> None:
    with deliveries.draft("loops") as draft:
        draft.file("data").write_bytes(b"x")
        assert deliveries.all("loops") == []
    (tmp_path / "loops" / "20260101T000000000000Z-abc").mkdir()
    assert deliveries.newest("loops") is None


def test_names_of_a_portal_choose_no_folder(deliveries: Deliveries) -> None:
    with deliveries.draft("loops") as draft:
        paths = [draft.file(name) for name in ("../../etc/passwd", "passwd", "/abs", "..", "")]
        assert {path.parent for path in paths} == {draft.folder} and len(set(paths)) == 5
        for path in paths:
            path.touch()
        found = manifest_of(draft, source="loops", url=ADDRESS, at=NOW, headers={}, paged=True)
        assert len(found.files) == 5


# --- when to read again


@pytest.mark.parametrize(("failures", "minutes"), [(0, 60), (1, 1), (2, 2), (5, 16), (7, 60), (400, 60)])
def test_pauses_grow_with_failures_up_to_the_interval(failures: int, minutes: int) -> None:
    due = next_time(NOW, timedelta(hours=1), failures, 0.5)
    assert due - NOW == timedelta(minutes=minutes)


def test_jitter_is_a_tenth_either_way() -> None:
    every = timedelta(hours=1)
    assert next_time(NOW, every, 0, 0.0) - NOW == every * 0.9
    assert next_time(NOW, every, 0, 0.999) - NOW < every * 1.1


def test_a_broken_source_is_tried_once_a_day_at_most_seldom() -> None:
    assert next_time(NOW, timedelta(days=30), 40, 0.5) - NOW == timedelta(days=1)
