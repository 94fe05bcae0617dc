"""Drives a paging connector against answers in memory: its author can prove ``pages`` without a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from sympolis.plugins.connector import Note, Origin, Page, Paging, Record, Wanted

PORTAL = Origin(url="https://portal.example/base")
"""Where a source begins that nobody really asks."""

Answers = Callable[[Wanted], Any]
"""From what is wanted to the document that a portal would answer with (bytes are taken as they are)."""


def fetched(connector: Paging, origin: Origin, settings: Any, answers: Answers, folder: Path) -> list[Wanted]:
    """Let the connector have every page it wants, kept in ``folder``; everything it wanted, in order."""
    wanted_so_far: list[Wanted] = []
    pages = connector.pages(origin, settings)
    wanted = next(pages, None)
    while wanted is not None:
        if isinstance(wanted, Note):
            answer: Any = wanted.content
        else:
            wanted_so_far.append(wanted)
            answer = answers(wanted)
        path = folder / wanted.name
        path.write_bytes(answer if isinstance(answer, bytes) else msgspec.json.encode(answer))
        try:
            wanted = pages.send(Page(path))
        except StopIteration:
            wanted = None
    return wanted_so_far


def recorded(folder: Path, exchange: Mapping[str, str]) -> Answers:
    """Answers with files of ``folder``, as a portal was recorded: ``exchange`` says by address which.

    Whoever asks for anything else fails: so what the connector asks is part of the recording.
    """

    def answer(wanted: Wanted) -> bytes:
        assert wanted.url in exchange, f"not recorded: {wanted.url}"
        return (folder / exchange[wanted.url]).read_bytes()

    return answer


def rows_of(connector: Any, origin: Origin, settings: Any, answers: Answers, folder: Path) -> list[Record]:
    """The records of everything that the connector wanted."""
    folder.mkdir(exist_ok=True)
    fetched(connector, origin, settings, answers, folder)
    return list(connector.read(Origin(folder, origin.url), settings))


def query(wanted: Wanted) -> dict[str, str]:
    """The parameters of what is wanted."""
    return {name: values[0] for name, values in parse_qs(urlsplit(wanted.url).query).items()}
