"""Sources that give only what is new: nothing is skipped when a run fails, nothing that came before counts as gone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from sympolis.acquisition.deliveries import Deliveries, Delivery
from sympolis.acquisition.ingest import PlannedSource, check_count
from sympolis.acquisition.retrieval import Downloaded, Retriever
from sympolis.acquisition.source import Refresh, Source
from sympolis.city.acquiring import read_secrets
from sympolis.domain import errors
from sympolis.plugins.connector import Limits, Origin, Pages, Record, Wanted

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Counter:
    """A database that has rows up to a number and draws those after the bookmark."""

    id: ClassVar[str] = "counter"
    settings_type: ClassVar[type] = object

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.seen: list[Origin] = []

    def read(self, origin: Origin, settings: Any) -> Iterator[Record]:
        return iter(())

    def host(self, origin: Origin, settings: Any) -> tuple[str, int] | None:
        return ("db.example", 5432)

    def draw(self, origin: Origin, settings: Any, to: Path, limits: Limits) -> None:
        self.seen.append(origin)
        after = int(origin.bookmark or 0)
        to.write_text("\n".join(str(row) for row in range(after + 1, self.rows + 1)))

    def bookmark(self, origin: Origin, settings: Any) -> str | None:
        assert origin.path is not None
        lines = origin.path.read_text().splitlines()
        return lines[-1] if lines else origin.bookmark


class Listing:
    """Two files of a store whose listing names versions."""

    id: ClassVar[str] = "listing"
    settings_type: ClassVar[type] = object

    def __init__(self, versions: dict[str, str]) -> None:
        self.versions = versions

    def read(self, origin: Origin, settings: Any) -> Iterator[Record]:
        return iter(())

    def pages(self, origin: Origin, settings: Any) -> Pages:
        for name, version in self.versions.items():
            yield Wanted(f"https://store.example/{name}", name, version=version)


def planned() -> PlannedSource:
    declared = Source(
        id="loops",
        title={"en": "Loops"},
        connector="counter",
        mapping="loops",
        path="samples/loops.csv",
        url="https://portal.example",
        licence="CC-BY-4.0",
        owner="City",
        attribution="City",
        refresh=Refresh(url="postgresql://db.example/loops"),
    )
    return PlannedSource(declared, None, Path("x"), None, secrets={"loops": "s3cret"})  # type: ignore[arg-type]


async def permit(host: str, port: int) -> None:
    assert (host, port) == ("db.example", 5432)


async def no_download(url: str, **_: Any) -> Downloaded:
    raise AssertionError(url)


def taken(connector: Any, deliveries: Deliveries, day: int = 0, **parts: Any) -> Delivery:
    parts = {"permit": permit, "download": no_download, **parts}
    retriever = Retriever(
        parts["download"], deliveries, clock=lambda: NOW + timedelta(days=day), permit=parts["permit"]
    )
    return asyncio.run(retriever.retrieve(planned(), connector))


def test_the_next_delivery_goes_on_where_the_last_one_ended(tmp_path: Path) -> None:
    deliveries, source = Deliveries(tmp_path), Counter(3)
    first = taken(source, deliveries)
    assert (first.path.read_text(), first.manifest.bookmark) == ("1\n2\n3", "3")
    first.take()
    source.rows = 5
    second = taken(source, deliveries, 1)
    assert (second.path.read_text(), second.manifest.bookmark) == ("4\n5", "5")
    assert source.seen[-1].secret("loops") == "s3cret"


def test_a_delivery_that_was_not_taken_in_is_not_passed_over(tmp_path: Path) -> None:
    deliveries, source = Deliveries(tmp_path), Counter(3)
    first = taken(source, deliveries)
    source.rows = 5
    assert taken(source, deliveries, 1) == first
    first.take()
    assert taken(source, deliveries, 2).path.read_text() == "4\n5"


def test_nothing_new_is_no_delivery(tmp_path: Path) -> None:
    deliveries, source = Deliveries(tmp_path), Counter(3)
    first = taken(source, deliveries)
    first.take()
    assert taken(source, deliveries, 1) == first and len(deliveries.all("loops")) == 1


def test_a_twin_that_calls_no_databases_says_so(tmp_path: Path) -> None:
    retriever = Retriever(no_download, Deliveries(tmp_path))
    with pytest.raises(errors.SourceFailed, match="calls no databases"):
        asyncio.run(retriever.retrieve(planned(), Counter(1)))


def test_a_file_whose_listed_version_is_known_is_not_fetched_again(tmp_path: Path) -> None:
    asked: list[str] = []

    async def download(url: str, *, headers: Mapping[str, str], to: Path, **_: Any) -> Downloaded:
        asked.append(url)
        to.write_text(f"{url} {len(asked)}")
        return Downloaded(200)

    deliveries, store = Deliveries(tmp_path), Listing({"a.csv": "1", "b.csv": "1"})
    taken(store, deliveries, download=download)
    store.versions["b.csv"] = "2"
    second = taken(store, deliveries, 1, download=download)
    assert [url[-5:] for url in asked] == ["a.csv", "b.csv", "b.csv"]
    assert (second.path / "a.csv").read_text().endswith(" 1") and (
        second.path / "b.csv"
    ).read_text().endswith(" 3")


def test_few_new_rows_are_no_half_delivery() -> None:
    check_count(replace(planned(), partial=True), 0)
    with pytest.raises(errors.SourceFailed):
        check_count(planned(), 0)


def test_secrets_are_read_from_the_package_and_named_when_missing(tmp_path: Path) -> None:
    assert read_secrets(tmp_path) == {}
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "secrets.toml").write_text('loops = "s3cret"\n')
    assert read_secrets(tmp_path) == {"loops": "s3cret"}
    with pytest.raises(errors.SourceFailed, match=r"local/secrets\.toml"):
        Origin(url="https://x").secret("other")
    assert "s3cret" not in repr(Origin(secrets={"loops": "s3cret"})) + repr(planned())


@pytest.mark.parametrize("content", ["loops = 7", "loops ="])
def test_a_wrong_file_of_secrets_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "secrets.toml").write_text(content)
    with pytest.raises(errors.CityPackageInvalid) as failed:
        read_secrets(tmp_path)
    assert "secrets.toml" in failed.value.where
