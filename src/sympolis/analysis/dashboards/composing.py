"""Keeping dashboards that people put together: who may see which, who may change it, and that nobody's work is lost.

A change names the version that it was made of; where somebody else was quicker it is refused, and every version is kept
(the last ``MOST_VERSIONS``), so that an earlier one can be taken up again.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import msgspec

from sympolis.analysis.dashboards.composed import Composition, Draft, Known, Visibility, mistakes
from sympolis.domain import errors

MOST: Final = 500
MOST_VERSIONS: Final = 50
PREFIX: Final = "board-"


class CompositionBook(Protocol):
    """Where composed dashboards are kept. Every call is durable when it returns."""

    def newest(self) -> Sequence[Composition]:
        """The newest version of each, last changed first."""
        ...

    def get(self, composition: str, version: int | None = None) -> Composition | None:
        """One version, the newest unless said; None where there is none."""
        ...

    def versions(self, composition: str) -> Sequence[Composition]:
        """Every version that is kept, newest first."""
        ...

    def keep(self, composition: Composition, *, most: int) -> bool:
        """Add a version and let go of all but the newest ``most``; False where that version is there already."""
        ...

    def drop(self, composition: str) -> bool:
        """Let go of every version; False where there is none."""
        ...

    def people(self) -> Sequence[str]:
        """Every account that owns or changed one."""
        ...

    def named(self, person: str) -> Sequence[str]:
        """The ids of those that an account owns or changed."""
        ...

    def forget(self, person: str) -> int:
        """Take an account out of every version; its drafts, which nobody else sees, go with it. In how many it was."""
        ...

    def close(self) -> None:
        """Let go of what holds it."""
        ...


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, as far as it matters here."""

    id: str
    reads_results: bool = False
    composes: bool = False
    administers: bool = False

    def owns(self, one: Composition) -> bool:
        """Whether it is theirs to change."""
        return self.composes and (self.administers or (one.owner == self.id != ""))

    def sees(self, one: Composition) -> bool:
        """Whether they may look at it."""
        if one.visibility is Visibility.PUBLIC or self.owns(one):
            return True
        return one.visibility is Visibility.SHARED and self.reads_results


class Compositions:
    """The composed dashboards of a twin."""

    def __init__(
        self, book: CompositionBook, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.book = book
        self._now = now

    def list(self, reader: Reader) -> list[Composition]:
        """Those that ``reader`` may see, last changed first."""
        return [one for one in self.book.newest() if reader.sees(one)]

    def get(self, composition: str, reader: Reader, *, version: int | None = None) -> Composition:
        """One, as ``reader`` may see it. Raises ``NotFound``, also for what is kept from them.

        Earlier versions may hold what was not meant for others: they are its owner's.
        """
        newest = self.book.get(composition)
        if newest is None or not reader.sees(newest):
            raise _nothing(composition)
        if version is None or version == newest.version:
            return newest
        found = self.book.get(composition, version) if reader.owns(newest) else None
        if found is None:
            raise errors.NotFound(f"{composition} has no version {version} here", where="version")
        return found

    def versions(self, composition: str, reader: Reader) -> Sequence[Composition]:
        """Its versions, newest first. Raises ``NotFound`` or ``Forbidden``."""
        self._own(composition, reader)
        return self.book.versions(composition)

    def create(self, draft: Draft, reader: Reader, known: Known) -> Composition:
        """Keep a new one. Raises ``BadRequestData``, or ``Conflict`` where there are too many."""
        _check(draft, known)
        if len(self.book.newest()) >= MOST:
            raise errors.Conflict(
                f"at most {MOST} dashboards are kept",
                where="dashboards",
                hint="remove some that nobody needs",
            )
        now = self._now()
        made = Composition(
            id=PREFIX + secrets.token_hex(6), version=1, owner=reader.id, created_at=now, modified_at=now,
            modified_by=reader.id, **_content(draft),
        )  # fmt: skip
        self.book.keep(made, most=MOST_VERSIONS)
        return made

    def change(
        self, composition: str, draft: Draft, reader: Reader, known: Known, *, version: int
    ) -> Composition:
        """Keep a next version of what was ``version``.

        Raises ``NotFound``, ``Forbidden``, ``BadRequestData``, or ``Conflict`` where it was changed meanwhile.
        """
        newest = self._own(composition, reader)
        _check(draft, known)
        changed = msgspec.structs.replace(
            newest, version=version + 1, modified_at=self._now(), modified_by=reader.id, **_content(draft)
        )
        if version != newest.version or not self.book.keep(changed, most=MOST_VERSIONS):
            raise errors.Conflict(
                f"it was changed meanwhile: it stands at version {newest.version}",
                where="version",
                hint="load it again and repeat your change",
            )
        return changed

    def drop(self, composition: str, reader: Reader) -> None:
        """Let go of it. Raises ``NotFound`` or ``Forbidden``."""
        self._own(composition, reader)
        self.book.drop(composition)

    def _own(self, composition: str, reader: Reader) -> Composition:
        found = self.get(composition, reader)
        if not reader.owns(found):
            raise errors.Forbidden(
                "this dashboard is somebody else's", where="dashboard", hint="make a copy of it"
            )
        return found


def _content(draft: Draft) -> dict[str, Any]:
    return {name: getattr(draft, name) for name in Draft.__struct_fields__}


def _check(draft: Draft, known: Known) -> None:
    for where, message in mistakes(draft, known):
        raise errors.BadRequestData(message, where=where, hint="see /docs")


def _nothing(composition: str) -> errors.NotFound:
    return errors.NotFound(
        f"there is no dashboard {composition[:60]!r} that you may see",
        where="dashboard",
        hint="see /api/dashboards/composed",
    )
