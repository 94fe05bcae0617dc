"""Questions and how far people are in tutorials, in a SQLite file of their own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar, Self

import apsw
import msgspec

from sympolis.help.academy import Progress
from sympolis.help.questions import Question
from sympolis.stores.embedded import files
from sympolis.stores.embedded.book import Book


class EmbeddedHelp(Book):
    """See ``help.questions.QuestionBook`` and ``help.academy.ProgressBook``."""

    FILE: ClassVar[str] = "help.sqlite"
    STATEMENTS: ClassVar[str] = "helping.sql"
    MEND: ClassVar[str] = "restore it from a backup, or move it away: questions and progress are then gone"

    @classmethod
    def in_memory(cls) -> Self:
        """A book that lasts as long as the process."""
        files.check_library()
        return cls(apsw.Connection(":memory:"))

    def question(self, question: str) -> Question | None:
        """See ``QuestionBook``."""
        rows = self._rows("question", id=question)
        return _asked(rows[0]) if rows else None

    def unanswered(self) -> list[Question]:
        """See ``QuestionBook``."""
        return [_asked(row) for row in self._rows("unanswered")]

    def questions(self, *, asker: str | None = None, limit: int) -> list[Question]:
        """See ``QuestionBook``."""
        rows = (
            self._rows("everybodys", limit=limit)
            if asker is None
            else self._rows("somebodys", asker=asker, limit=limit)
        )
        return [_asked(row) for row in rows]

    def count(self) -> int:
        """See ``QuestionBook``."""
        return int(self._rows("count")[0][0])

    def askers(self) -> list[str]:
        """Everybody of whom anything is kept."""
        return [asker for (asker,) in self._rows("askers")]

    def keep(self, question: Question) -> None:
        """See ``QuestionBook``."""
        values: dict[str, Any] = {
            "id": question.id,
            "asker": question.asker,
            "asked_at": _sortable(question.asked_at),
            "due": _sortable(question.due),
            "answered": int(question.answered_at is not None),
            "body": msgspec.json.encode(question).decode(),
        }
        self._write("keep", values)

    def drop(self, question: str) -> bool:
        """See ``QuestionBook``."""
        return bool(self._write("drop", {"id": question}))

    def progress(self, person: str, tutorial: str) -> Progress | None:
        """See ``ProgressBook``."""
        rows = self._rows("progress", person=person, tutorial=tutorial)
        return _begun(rows[0]) if rows else None

    def progress_of(self, person: str) -> list[Progress]:
        """See ``ProgressBook``."""
        return [_begun(row) for row in self._rows("progress_of", person=person)]

    def keep_progress(self, progress: Progress) -> None:
        """See ``ProgressBook``."""
        body = msgspec.json.encode(progress).decode()
        self._write("keep_progress", {"person": progress.person, "tutorial": progress.tutorial, "body": body})

    def drop_progress(self, person: str, tutorial: str = "") -> int:
        """See ``ProgressBook``."""
        return len(self._write("drop_progress", {"person": person, "tutorial": tutorial}))

    def forget(self, person: str) -> int:
        """See ``QuestionBook``."""
        with self._at_once() as connection:
            asked = files.fetch_all(connection, self._sql["forget"], {"person": person})
            learned = {"person": person, "tutorial": ""}
            return len(asked) + len(files.fetch_all(connection, self._sql["drop_progress"], learned))

    def _write(self, name: str, values: dict[str, Any]) -> list[Any]:
        with self._at_once() as connection:
            return files.fetch_all(connection, self._sql[name], values)


def _sortable(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _asked(row: Any) -> Question:
    return msgspec.json.decode(row[0], type=Question)


def _begun(row: Any) -> Progress:
    return msgspec.json.decode(row[0], type=Progress)
