"""What every shelf of hosted @contexts does: what it took is there after a restart (clause 5.13)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from sympolis.context.library import ContextKind, KeptContext, Shelf
from sympolis.stores.context_files import ContextFiles
from sympolis.stores.postgres import PostgresStore
from sympolis.testing.postgres import server

NOW = datetime(2024, 5, 8, 7, 0, tzinfo=UTC)
ONE = KeptContext("one", "/ngsi-ld/v1/jsonldContexts/one", ContextKind.HOSTED, {"speed": "urn:a:speed"}, NOW)
LIST = KeptContext(
    "list", "http://x/list", ContextKind.IMPLICITLY_CREATED, ["http://x/a", {"é": "urn:e"}], NOW
)


@pytest.fixture(params=["files", "postgres"])
def reopened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Shelf]]:
    """Opens the shelf, each time as a process does that has just started."""
    with ExitStack() as stack:
        if request.param == "files":
            yield partial(ContextFiles, tmp_path / "contexts")
        else:
            yield partial(_shelf_at, stack.enter_context(asyncio.Runner()), stack, server().fresh_url())


def _shelf_at(runner: asyncio.Runner, stack: ExitStack, url: str) -> Shelf:
    store = runner.run(PostgresStore.open(url))
    stack.callback(lambda: runner.run(store.close()))
    return store.context_shelf()


def test_what_is_kept_is_there(reopened: Callable[[], Shelf]) -> None:
    shelf = reopened()
    assert list(shelf.load()) == []
    shelf.keep(ONE)
    shelf.keep(LIST)
    shelf.keep(replace(ONE, context={"speed": "urn:b:speed"}))
    assert list(reopened().load()) == [LIST, replace(ONE, context={"speed": "urn:b:speed"})]


def test_what_is_dropped_is_gone(reopened: Callable[[], Shelf]) -> None:
    shelf = reopened()
    shelf.keep(ONE)
    shelf.drop("one")
    shelf.drop("never")
    assert list(reopened().load()) == []
