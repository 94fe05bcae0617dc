"""The ecosystem map of one twin: drawn at every question, completed from the book, kept as versions, compared."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from sympolis.assessment.ecosystem import book as keeping
from sympolis.assessment.ecosystem.book import Annotation, Book, Closing, completed
from sympolis.assessment.ecosystem.climate import coverage
from sympolis.assessment.ecosystem.comparing import compare
from sympolis.assessment.ecosystem.drawing import draw
from sympolis.assessment.ecosystem.hints import Hint, hints
from sympolis.assessment.ecosystem.initiatives import OpenGap, drawn, gaps, matched, open_gaps, register
from sympolis.assessment.ecosystem.model import Actor, Flow, Map, View, seen_as
from sympolis.assessment.ecosystem.seen import Seen
from sympolis.assessment.evidence import Finding
from sympolis.assessment.shelf import Shelf
from sympolis.domain import errors

Json = dict[str, Any]
Findings = Mapping[str, Finding]
MOST_SNAPSHOTS: Final = 200
_BOOK: Final = "book"
_LONGEST_TITLE: Final = 200


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A version of the map: everything in it, of both views. Never changed afterwards."""

    id: str
    at: str
    by: str
    title: str
    map: Map


@dataclass(frozen=True, slots=True)
class Surveyed:
    """The map of a moment with everything concluded from it; ``map`` holds both views."""

    map: Map
    hints: tuple[Hint, ...]
    gaps: tuple[OpenGap, ...]


class EcosystemDesk:
    """See the module. ``folder`` keeps what people add and the versions; ``now`` is the clock."""

    def __init__(self, folder: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._shelf = Shelf(folder)
        self._snapshots = Shelf(folder / "snapshots")
        self._lock = asyncio.Lock()

    def book(self) -> Book:
        """What people added so far."""
        return self._shelf.find(_BOOK, Book) or Book()

    # --- what is seen

    def survey(self, seen: Seen, findings: Findings) -> Surveyed:
        """The whole map with hints and gaps."""
        kept, picture = self.book(), draw(seen)
        given = tuple(hints(seen_as(completed(picture, kept), View.CURRENT), seen))
        found = tuple(_closed(one, kept) for one in open_gaps(seen, findings, given))
        actors, flows = drawn(found)
        whole = msgspec.structs.replace(
            picture, actors=(*picture.actors, *actors), flows=(*picture.flows, *flows)
        )
        return Surveyed(completed(whole, kept), given, found)

    def initiatives(self, seen: Seen, findings: Findings) -> Json:
        """Every initiative with the open gaps it helps with; the gaps, closed ones too."""
        found = self.survey(seen, findings).gaps
        return {
            "source": register().source,
            "initiatives": matched(found),
            "gaps": [_gap(one) for one in found],
        }

    def climate(self, seen: Seen) -> Json:
        """The climate-neutrality indicators and what data there are for them."""
        return coverage(seen)

    # --- what people add

    async def add_actor(self, body: Mapping[str, Any], *, by: str) -> Actor:
        """A new actor. Raises ``BadRequestData``, ``QuotaExceeded``."""
        made = keeping.read_actor(body, f"hand-{secrets.token_hex(4)}", author=by, at=self._at())
        await self._put("actors", made.id, made)
        return made

    async def change_actor(self, actor: str, body: Mapping[str, Any], *, by: str) -> Actor:
        """Put another in place of a hand-made actor. Raises ``NotFound``, ``BadRequestData``."""
        self._own("actors", actor)
        made = keeping.read_actor(body, actor, author=by, at=self._at())
        await self._put("actors", actor, made)
        return made

    async def add_flow(self, body: Mapping[str, Any], known: Map, *, by: str) -> Flow:
        """A new flow between actors of ``known``. Raises ``BadRequestData``, ``QuotaExceeded``."""
        made = keeping.read_flow(body, f"hand-{secrets.token_hex(4)}", author=by, at=self._at())
        _check_ends(made, known)
        await self._put("flows", made.id, made)
        return made

    async def change_flow(self, flow: str, body: Mapping[str, Any], known: Map, *, by: str) -> Flow:
        """Put another in place of a hand-made flow. Raises ``NotFound``, ``BadRequestData``."""
        self._own("flows", flow)
        made = keeping.read_flow(body, flow, author=by, at=self._at())
        _check_ends(made, known)
        await self._put("flows", flow, made)
        return made

    async def annotate(self, item: str, body: Mapping[str, Any], known: Map, *, by: str) -> Annotation:
        """Say something of a drawn actor or flow. Raises ``NotFound``, ``Conflict`` for a hand-made one."""
        kept = self.book()
        if item in kept.actors or item in kept.flows:
            raise errors.Conflict("this was made by hand", where="item", hint="change it itself")
        if item not in {*(one.id for one in known.actors), *(one.id for one in known.flows)}:
            raise errors.NotFound(f"there is no {item[:80]} in the map", where="item")
        made = Annotation(said=keeping.read_annotation(body), author=by, at=self._at())
        await self._put("annotations", item, made)
        return made

    async def remove(self, member: str, name: str) -> None:
        """Take a hand-made ``actors``, ``flows`` or ``annotations`` item away. Raises ``NotFound``."""
        self._own(member, name)
        await self._change(lambda kept: _without(kept, member, name))

    async def close_gap(self, gap: str, note: str, *, by: str) -> None:
        """Say that a gap is none here. Raises ``NotFound`` for one that there is no rule for."""
        _check_gap(gap)
        await self._put("closed", gap, Closing(note=note, author=by, at=self._at()))

    async def open_gap(self, gap: str) -> None:
        """Let the rule speak again. Raises ``NotFound``."""
        self._own("closed", gap)
        await self._change(lambda kept: _without(kept, "closed", gap))

    # --- versions

    def snapshots(self) -> list[Snapshot]:
        """Every version, oldest first."""
        return sorted(self._snapshots.all(Snapshot), key=lambda one: (one.at, one.id))

    def snapshot(self, name: str) -> Snapshot:
        """One version. Raises ``NotFound``."""
        found = self._snapshots.find(name, Snapshot)
        if found is None:
            raise errors.NotFound(f"there is no version {name[:80]}", where="snapshot")
        return found

    async def keep_snapshot(self, found: Map, title: str, *, by: str) -> Snapshot:
        """Keep the map as it is. Raises ``BadRequestData``, ``QuotaExceeded``."""
        if len(title) > _LONGEST_TITLE:
            raise errors.BadRequestData(f"has more than {_LONGEST_TITLE} characters", where="title")
        async with self._lock:
            if len(self.snapshots()) >= MOST_SNAPSHOTS:
                raise errors.QuotaExceeded(f"there are {MOST_SNAPSHOTS} versions", where="snapshots")
            at = self._now()
            made = Snapshot(
                id=f"{at:%Y%m%d}-{secrets.token_hex(3)}", at=at.isoformat(), by=by, title=title, map=found
            )
            self._snapshots.keep(made.id, made)
        return made

    async def drop_snapshot(self, name: str) -> None:
        """Take a version away. Raises ``NotFound``."""
        self.snapshot(name)
        self._snapshots.remove(name)

    def compared(self, before: str, after: str, now: Map) -> Json:
        """Two maps: ``current``, ``target``, or a version by its id. Raises ``NotFound``."""
        return compare(self._of(before, now), self._of(after, now))

    def _of(self, name: str, now: Map) -> Map:
        if name in list(View):
            return seen_as(now, View(name))
        return seen_as(self.snapshot(name).map, View.CURRENT)

    # --- keeping

    def _own(self, member: str, name: str) -> None:
        if name not in getattr(self.book(), member):
            raise errors.NotFound(
                f"nobody made {name[:80]} by hand", where="item", hint="annotate what the twin draws"
            )

    async def _put(self, member: str, name: str, item: object) -> None:
        await self._change(lambda kept: _with(kept, member, name, item))

    async def _change(self, change: Callable[[Book], Book]) -> None:
        async with self._lock:
            self._shelf.keep(_BOOK, change(self.book()))

    def _at(self) -> str:
        return self._now().isoformat(timespec="seconds")


def _check_ends(flow: Flow, known: Map) -> None:
    for where in ("source", "target"):
        if known.actor(getattr(flow, where)) is None:
            raise errors.BadRequestData("is no actor of the map", where=where)


def _check_gap(gap: str) -> None:
    if gap not in {one.id for one in gaps()}:
        raise errors.NotFound(f"there is no rule for {gap[:60]}", where="gap")


def _closed(found: OpenGap, kept: Book) -> OpenGap:
    said = kept.closed.get(found.gap.id)
    return found if said is None else replace(found, closed_by=said.author or "–", note=said.note)


def _gap(one: OpenGap) -> Json:
    return {
        "id": one.gap.id,
        "title": one.gap.title,
        "reasons": list(one.reasons),
        "links": list(one.links),
        "closed_by": one.closed_by,
        "note": one.note,
    }


def _with(kept: Book, member: str, name: str, item: object) -> Book:
    changed: Book = msgspec.structs.replace(kept, **{member: {**getattr(kept, member), name: item}})
    if changed.size() > keeping.MOST_ITEMS:
        raise errors.QuotaExceeded(f"at most {keeping.MOST_ITEMS} items by hand", where="items")
    return changed


def _without(kept: Book, member: str, name: str) -> Book:
    rest = {key: value for key, value in getattr(kept, member).items() if key != name}
    if member == "actors":  # flows that hang on it go with it
        flows = {key: one for key, one in kept.flows.items() if name not in (one.source, one.target)}
        return msgspec.structs.replace(kept, actors=rest, flows=flows)
    return msgspec.structs.replace(kept, **{member: rest})
