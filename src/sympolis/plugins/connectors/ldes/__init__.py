"""Replicates a linked data event stream: follows its relations, goes on where it left off (LDES 1.0, TREE).

Pages are parsed one at a time. A first pass finds each thing's newest version, the second gives it: however the pages
are ordered, an old version never follows a new one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from sympolis.domain import errors
from sympolis.plugins.connector import Note, Origin, Pages, Recognised, Record, Wanted
from sympolis.plugins.connectors.ldes.following import ACCEPT, NOTES, Frontier, Read, advanced, parse
from sympolis.plugins.connectors.ldes.members import Member, Paths, members, row
from sympolis.plugins.connectors.ldes.settings import LdesSettings

_HEAD = 1 << 16


class _Notes(msgspec.Struct):
    read: list[Read]
    waiting: list[str]


class LdesConnector:
    """Members, numbered from 1. ``origin.url`` is the stream or its view."""

    id: ClassVar[str] = "ldes"
    settings_type: ClassVar[type] = LdesSettings

    def pages(self, origin: Origin, settings: LdesSettings) -> Pages:
        """Every page not read yet, and those that may have grown."""
        frontier = Frontier.begin(str(origin.url), origin.bookmark, settings)
        while frontier.pages and len(frontier.read) < settings.most_pages:
            url = frontier.pages.popleft()
            page = yield Wanted(url, f"page-{len(frontier.read) + 1:06d}.rdf", {"Accept": ACCEPT})
            frontier.note(page, url)
        notes = _Notes(frontier.read, list(frontier.pages))
        yield Note(NOTES, msgspec.json.encode(notes))

    def bookmark(self, origin: Origin, settings: LdesSettings) -> str:  # noqa: ARG002 - the contract's
        """See ``Incremental``."""
        notes = _notes(origin)
        return advanced(origin.bookmark, notes.read, notes.waiting)

    def read(self, origin: Origin, settings: LdesSettings) -> Iterator[Record]:
        """Yield every member, or each thing's newest. Raises ``SourceFailed``."""
        if origin.path is None:
            raise errors.SourceFailed("nothing has been fetched yet", where=str(origin.url))
        newest: dict[str, tuple[float, str]] = {}
        if settings.latest:
            for _, member in _members(origin, settings):
                newest[member.thing] = max(newest.get(member.thing, member.order), member.order)
        number = 0
        for graph, member in _members(origin, settings):
            if member.deleted or (settings.latest and newest.get(member.thing) != member.order):
                continue
            newest.pop(member.thing, None)
            number += 1
            yield row(graph, member, number)

    def recognise(self, sample: Path) -> Recognised:
        """Turtle that speaks of a stream."""
        try:
            with sample.open("rb") as stream:
                head = stream.read(_HEAD)
        except OSError:
            return Recognised(0.0)
        known = b"https://w3id.org/ldes#" in head and not head.lstrip().startswith((b"{", b"["))
        return Recognised(0.9, {}, "it speaks of w3id.org/ldes") if known else Recognised(0.0)


def _members(origin: Origin, settings: LdesSettings) -> Iterator[tuple[Any, Member]]:
    paths = None
    for path, form, where in _files(origin):
        try:
            content = path.read_bytes()
        except OSError as cause:
            raise errors.SourceFailed(f"cannot be read: {cause.strerror}", where=str(origin.path)) from cause
        try:
            graph = parse(content, form, where)
        except errors.SourceFailed as cause:
            raise errors.SourceFailed(cause.message, where=str(origin.path), hint=cause.hint) from cause
        paths = Paths.of(graph, paths)
        for member in members(graph, paths, settings):
            yield graph, member


def _files(origin: Origin) -> Iterator[tuple[Path, str, str]]:
    """Files with their form and address: a delivery's pages, or one file (a sample in Turtle)."""
    assert origin.path is not None
    if not origin.path.is_dir():
        yield origin.path, "turtle", origin.url or origin.path.absolute().as_uri()
        return
    for one in _notes(origin).read:
        yield origin.path / one.file, one.format, one.url


def _notes(origin: Origin) -> _Notes:
    assert origin.path is not None
    try:
        return msgspec.json.decode((origin.path / NOTES).read_bytes(), type=_Notes)
    except (OSError, msgspec.DecodeError) as cause:
        raise errors.SourceFailed(f"has no usable {NOTES}: {cause}", where=str(origin.path)) from cause
