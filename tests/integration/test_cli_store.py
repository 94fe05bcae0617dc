"""Commands on stores: archive history, finish an upgrade, export and restore a broker; their exit codes and words."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sympolis.cli.verbs import app
from sympolis.context import merge
from sympolis.context.query import HistoryQuery, Query
from sympolis.context.store import Write
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.stores.embedded import EmbeddedStore
from sympolis.testing.postgres import server

SPEED = "https://example.org/speed"


def sympolis(*arguments: object) -> tuple[int, Any, str]:
    """Exit code, the JSON that was printed, and what was said on stderr."""
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    return done.exit_code, json.loads(done.stdout) if done.exit_code == 0 else None, done.stderr


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a broker's store that has a past."""

    async def fill() -> None:
        store = EmbeddedStore.open(tmp_path / "data" / "broker" / "store")
        for month in (1, 2, 3):
            at = datetime(2024, month, 5, tzinfo=UTC)
            entity = Entity("urn:a:1", ("T",), {SPEED: (Attribute(AttributeKind.PROPERTY, month, at),)})
            await store.write([Write(entity.id, merge.upsert_update(entity))])
        await store.close()

    asyncio.run(fill())
    return tmp_path / "data"


def values(data: Path) -> list[Any]:
    async def read() -> list[Any]:
        store = EmbeddedStore.open(data / "broker" / "store")
        try:
            [series] = (await store.history(HistoryQuery(Query()))).series
            return [one.value for one in series.observations]
        finally:
            await store.close()

    return asyncio.run(read())


def test_history_is_archived_and_still_there(data: Path) -> None:
    code, told, _ = sympolis(
        "store", "archive-history", "--before", "2024-03", "--data", data, "--format", "json"
    )
    assert code == 0
    assert told == [{"tenant": "", "months": ["2024-01", "2024-02"], "points": 2}]
    assert len(list(data.rglob("*.parquet"))) == 2
    assert values(data) == [1, 2, 3]


def test_an_archive_is_in_the_export_and_comes_back(data: Path, tmp_path: Path) -> None:
    assert (
        sympolis("store", "archive-history", "--before", "2024-03", "--data", data, "--format", "json")[0]
        == 0
    )
    code, manifest, _ = sympolis("export", tmp_path / "dump", "--data", data, "--format", "json")
    assert (code, manifest["of"]["kind"]) == (0, "broker")
    code, told, _ = sympolis("restore", tmp_path / "dump", "--data", tmp_path / "new", "--format", "json")
    assert (code, told["tenants"][0]["instances"]) == (0, 3)
    assert values(tmp_path / "new") == [1, 2, 3]
    code, _, said = sympolis("restore", tmp_path / "dump", "--data", tmp_path / "new")
    assert code == 3
    assert "empty store" in said


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("store", "archive-history", "--before", "May"), 2, "2024-05"),
        (("store", "archive-history", "--before", "2024-05", "--data", "absent"), 3, "no store"),
        (("store", "finish-upgrade"), 2, "PostgreSQL"),
        (("export", "out", "--data", "absent"), 3, "nothing here"),
        (("export", "out", "--data", "mistyped"), 3, "nothing here"),
        (("export", "out", "--data", "a-file"), 2, "Not a directory"),
        (("broker", "--port", "0", "--data", "a-file"), 2, "Not a directory"),
        (("restore", "absent"), 3, "manifest"),
    ],
)
def test_what_cannot_be_done_is_said(
    arguments: tuple[str, ...], code: int, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "absent" / "broker").mkdir(parents=True)
    (tmp_path / "a-file").touch()
    found, _, said = sympolis(*arguments)
    assert (found, word in said) == (code, True), said


def test_an_upgrade_is_finished(tmp_path: Path) -> None:
    code, told, _ = sympolis("store", "finish-upgrade", "--store", server().fresh_url(), "--format", "json")
    assert code == 0
    assert told["scripts"] >= 0
