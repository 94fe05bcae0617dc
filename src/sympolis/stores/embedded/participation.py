"""Projects, contributions, comments, ratings, photos, answers and invitations in a SQLite file of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, Self

import apsw
import msgspec

from sympolis.decision.participation.project import ProjectPlan
from sympolis.decision.participation.record import (
    Answer,
    Comment,
    Contribution,
    Invitation,
    Photo,
    Rating,
    Tally,
    Wanted,
)
from sympolis.stores.embedded import files
from sympolis.stores.embedded.book import Book

_ANY: Final = Wanted()


class EmbeddedParticipation(Book):
    """See ``decision.participation.record.ParticipationBook``."""

    FILE: ClassVar[str] = "participation.sqlite"
    STATEMENTS: ClassVar[str] = "participation.sql"
    MEND: ClassVar[str] = "restore it from a backup: what people said is nowhere else"

    def __init__(self, connection: apsw.Connection) -> None:
        connection.create_scalar_function("has_words", _has_words, 2, deterministic=True)
        super().__init__(connection)

    @classmethod
    def in_memory(cls) -> Self:
        """A book that lasts as long as the process."""
        files.check_library()
        return cls(apsw.Connection(":memory:"))

    def projects(self) -> list[ProjectPlan]:
        """See ``ParticipationBook``."""
        return [msgspec.json.decode(body, type=ProjectPlan) for (body,) in self._rows("projects")]

    def keep_project(self, plan: ProjectPlan) -> None:
        """See ``ParticipationBook``."""
        self._write("keep_project", id=plan.id, body=_text(plan))

    def drop_project(self, project: str) -> bool:
        """See ``ParticipationBook``."""
        return bool(self._write("drop_project", id=project))

    def contribution(self, contribution: str) -> Contribution | None:
        """See ``ParticipationBook``."""
        return next(iter(_read(self._rows("contribution", id=contribution), Contribution)), None)

    def contributions(self, project: str = "") -> list[Contribution]:
        """See ``ParticipationBook``."""
        return _read(self._rows("contributions", project=project), Contribution)

    def published(self, project: str, wanted: Wanted) -> list[tuple[Contribution, Tally]]:
        """See ``ParticipationBook``."""
        page = {"sort": wanted.sort, "limit": wanted.limit, "offset": wanted.offset}
        rows = self._rows("wanted", project=project, **_filter(wanted), **page)
        return [(msgspec.json.decode(body, type=Contribution), Tally(*gathered)) for body, *gathered in rows]

    def count_published(self, project: str, wanted: Wanted | None = None) -> int:
        """See ``ParticipationBook``."""
        kept = {} if wanted is None else _filter(wanted)
        if kept == _filter(_ANY) or not kept:
            return int(self._rows("count_published", project=project)[0][0])
        return int(self._rows("count_wanted", project=project, **kept)[0][0])

    def said_by(self, project: str, author: str) -> list[Contribution | Comment]:
        """See ``ParticipationBook``."""
        whose = {"project": project, "author": author}
        found: list[Contribution | Comment] = [
            *_read(self._rows("said_contributions", **whose), Contribution),
            *_read(self._rows("said_comments", **whose), Comment),
        ]
        return sorted(found, key=lambda one: one.at)

    def voices(self) -> list[tuple[str, str]]:
        """See ``ParticipationBook``."""
        return self._rows("voices")

    def comment(self, comment: str) -> Comment | None:
        """See ``ParticipationBook``."""
        return next(iter(_read(self._rows("comment", id=comment), Comment)), None)

    def comments(self, project: str = "", *, contribution: str = "") -> list[Comment]:
        """See ``ParticipationBook``."""
        return _read(self._rows("comments", project=project, contribution=contribution), Comment)

    def keep(self, utterances: Sequence[Contribution | Comment], *, photos: Sequence[Photo] = ()) -> None:
        """See ``ParticipationBook``."""
        with self._at_once() as connection:
            self._put(connection, utterances)
            for photo in photos:
                files.fetch_all(connection, self._sql["keep_photo"], msgspec.structs.asdict(photo))

    def unsettled(self, project: str = "") -> list[Contribution | Comment]:
        """See ``ParticipationBook``."""
        found: list[Contribution | Comment] = [
            *_read(self._rows("unsettled_contributions", project=project), Contribution),
            *_read(self._rows("unsettled_comments", project=project), Comment),
        ]
        return sorted(found, key=lambda one: (one.at, one.id))

    def rate(self, rating: Rating) -> None:
        """See ``ParticipationBook``."""
        values = msgspec.structs.asdict(rating)
        if rating.value:
            self._write("rate", **values)
        else:
            self._write("unrate", contribution=rating.contribution, author=rating.author)

    def ratings(self, project: str) -> list[Rating]:
        """See ``ParticipationBook``."""
        return [Rating(*row) for row in self._rows("ratings", project=project)]

    def tallies(self, project: str) -> dict[str, Tally]:
        """See ``ParticipationBook``."""
        return {name: Tally(*counts) for name, *counts in self._rows("tallies", project=project)}

    def tally(self, contribution: str) -> Tally:
        """See ``ParticipationBook``."""
        return Tally(*self._rows("tally", id=contribution)[0])

    def photo(self, photo: str) -> Photo | None:
        """See ``ParticipationBook``."""
        rows = self._rows("photo", id=photo)
        names = ("id", "contribution", "project", "media", "body")
        return Photo(**dict(zip(names, rows[0], strict=True))) if rows else None

    def answers(self, project: str = "") -> list[Answer]:
        """See ``ParticipationBook``."""
        return _read(self._rows("answers", project=project), Answer)

    def keep_answer(self, answer: Answer) -> None:
        """See ``ParticipationBook``."""
        self._write(
            "keep_answer", id=answer.id, project=answer.project, at=_instant(answer.at), body=_text(answer)
        )

    def invitations(self, project: str) -> list[Invitation]:
        """See ``ParticipationBook``."""
        return _read(self._rows("invitations", project=project), Invitation)

    def invitation(self, project: str, author: str) -> Invitation | None:
        """See ``ParticipationBook``."""
        rows = self._rows("invitation", project=project, author=author)
        return next(iter(_read(rows, Invitation)), None)

    def keep_invitations(self, invitations: Sequence[Invitation]) -> None:
        """See ``ParticipationBook``."""
        with self._at_once() as connection:
            for one in invitations:
                values = {"project": one.project, "author": one.author, "body": _text(one)}
                files.fetch_all(connection, self._sql["keep_invitation"], values)

    def erase(self, project: str, author: str, utterances: Sequence[Contribution | Comment]) -> None:
        """See ``ParticipationBook``."""
        whose = {"project": project, "author": author}
        with self._at_once() as connection:
            for name in ("erase_photos", "erase_ratings", "erase_invitation"):
                files.fetch_all(connection, self._sql[name], whose)
            self._put(connection, utterances)

    def unlink(self, project: str) -> int:
        """See ``ParticipationBook``."""
        names = ("unlink_contributions", "unlink_comments", "unlink_ratings", "unlink_invitations")
        with self._at_once() as connection:
            return sum(
                len(files.fetch_all(connection, self._sql[name], {"project": project})) for name in names
            )

    def _put(self, connection: apsw.Connection, utterances: Sequence[Contribution | Comment]) -> None:
        for one in utterances:
            kind = "contribution" if isinstance(one, Contribution) else "comment"
            files.fetch_all(connection, self._sql[f"keep_{kind}"], _columns(one))

    def _write(self, name: str, **values: Any) -> list[Any]:
        with self._at_once() as connection:
            return files.fetch_all(connection, self._sql[name], values)


def _columns(one: Contribution | Comment) -> dict[str, Any]:
    values = {"id": one.id, "project": one.project, "author": one.author, "state": one.state}
    more = {"contribution": one.contribution} if isinstance(one, Comment) else {}
    return {**values, **more, "reports": one.reports, "at": _instant(one.at), "body": _text(one)}


def _filter(wanted: Wanted) -> dict[str, str]:
    words = msgspec.json.encode(wanted.words).decode()
    return {"kind": wanted.kind, "category": wanted.category, "words": words}


def _has_words(*given: Any) -> bool:
    """Whether a contribution's words have all of these; SQLite itself folds no letters beyond ASCII."""
    body, words = given
    said = msgspec.json.decode(body)
    text = f"{said['title']} {said['text']} {said.get('place_name', '')}".casefold()
    return all(word in text for word in msgspec.json.decode(words))


def _read(rows: Sequence[tuple[str]], kind: Any) -> list[Any]:
    return [msgspec.json.decode(body, type=kind) for (body,) in rows]


def _text(record: Any) -> str:
    return msgspec.json.encode(record).decode()


def _instant(at: datetime) -> str:
    """In UTC and of one length, so that texts sort as moments."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
