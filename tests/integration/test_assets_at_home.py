"""Assets by command, and in a backup: what was published and installed comes back, and holds again."""

from __future__ import annotations

import asyncio
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sympolis.app.federating import FOLDER
from sympolis.app.moving import of_people_and_partners
from sympolis.app.publishing import FOLDER as REPOSITORY
from sympolis.app.publishing import with_installed
from sympolis.city import package as packages
from sympolis.cli.verbs import app
from sympolis.context.dumps import whole
from sympolis.context.dumps.files import DumpReader, DumpWriter
from sympolis.dataspace.credentials.keys import KeyRing
from sympolis.dataspace.repository.desk import AssetDesk, Ours
from sympolis.dataspace.repository.draft import Draft
from sympolis.dataspace.repository.kinds import Kind
from sympolis.dataspace.repository.package import read_package
from sympolis.dataspace.repository.records import Installed, Published
from sympolis.settings import Settings
from sympolis.stores.embedded.federation import FederationBook
from sympolis.testing.small_city import write_package

STORY = {
    "id": "walk",
    "title": {"en": "A walk"},
    "steps": [{"title": {"en": "Here"}, "text": {"en": "We begin."}, "view": "map"}],
}


def kept(folder: Path) -> Published:
    """A data folder with one asset published, and one installed."""
    book = FederationBook.open(folder / FOLDER)
    desk = AssetDesk(book, folder / REPOSITORY, Ours(KeyRing(book), lambda: "did:web:town.example"))
    content = {"stories/walk.json": json.dumps(STORY).encode()}
    draft = Draft(kind=Kind.STORY, name="walk", title={"en": "A walk"}, licence="MIT", content=content)
    made = asyncio.run(desk.publish(draft, by="ada"))
    desk.keep_installed(
        Installed(
            id="story.walk.12345678",
            manifest=made.manifest,
            partner="did:web:town.example",
            key="k",
            file=made.file,
            at=datetime(2026, 3, 2, tzinfo=UTC),
            by="ada",
            declarations={"stories": {"walk": STORY}},
        )
    )
    book.close()
    return made


def test_what_was_published_and_installed_comes_back_from_a_backup(tmp_path: Path) -> None:
    there, back = tmp_path / "there", tmp_path / "back"
    made = kept(there)

    async def move() -> None:
        writer = DumpWriter(whole.empty_folder(tmp_path / "dump"))
        await whole.dump(of_people_and_partners(there), writer, version="t", of={})
        for part in of_people_and_partners(back):
            assert await part.present() == ""
            await part.restore(DumpReader(tmp_path / "dump"))

    asyncio.run(move())
    city = packages.load(write_package(tmp_path / "smallville"))
    settings = Settings(city=str(city.folder), data=back)
    laid = with_installed(city, settings, back)
    assert [one.id for one in laid.city.stories] == ["walk"] and laid.holding == {"story.walk.12345678"}
    book = FederationBook.open(back / FOLDER)
    desk = AssetDesk(book, back / REPOSITORY, Ours(KeyRing(book), lambda: "did:web:town.example"))
    assert desk.package(desk.version("story.walk")).manifest == made.manifest
    book.close()


def test_what_no_longer_fits_does_not_keep_the_twin_from_starting(tmp_path: Path) -> None:
    kept(tmp_path)
    book = FederationBook.open(tmp_path / FOLDER)
    [one] = book.all("asset-installed", Installed)
    one.declarations["stories"]["walk"]["steps"] = []
    book.keep("asset-installed", one.id, one)
    book.close()
    city = packages.load(write_package(tmp_path / "smallville"))
    laid = with_installed(city, Settings(city=str(city.folder), data=tmp_path), tmp_path)
    assert laid.city == city and not laid.holding
    [reasons] = laid.left_out.values()
    assert "needs at least one view" in reasons[0]


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("SYMPOLIS_PUBLIC_URL", "https://town.example")
    return ["--city", str(write_package(tmp_path / "smallville")), "--data", str(tmp_path / "data")]


def said(arguments: list[str], *, code: int = 0) -> Any:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == code, result.output
    return json.loads(result.stdout) if result.stdout.strip() and code == 0 else None


def test_an_asset_is_published_shown_exported_and_withdrawn_by_command(
    town: list[str], tmp_path: Path
) -> None:
    form = [*town, "--format", "json"]
    things = said(["asset", "list", "--publishable", *form])
    assert {"kind": "mapping", "name": "streets", "published": None}.items() <= next(
        one for one in things if (one["kind"], one["name"]) == ("mapping", "streets")
    ).items()
    made = said(["asset", "publish", "mapping", "streets", *form])
    assert made["publisher"] == "did:web:town.example" and made["tier"] == "bronze"
    assert [one["id"] for one in said(["asset", "list", *form])["assets"]] == ["mapping.streets"]
    out = tmp_path / "streets.zip"
    said(["asset", "export", "mapping.streets", "--out", str(out), *form])
    assert read_package(out.read_bytes()).manifest.id == "mapping.streets" and zipfile.is_zipfile(out)
    assert said(["asset", "withdraw", "mapping.streets", "1.0.0", *form])["withdrawn"] == "mapping.streets"
    said(["asset", "show", "mapping.streets", *form], code=3)
    said(["asset", "check", "mapping.none", "--from", "did:web:nobody.example", *form], code=3)
