"""All that helps, joined: the desk for questions, tutorials, and a search that is made when it is first asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sympolis.help import passages
from sympolis.help.academy import ProgressBook
from sympolis.help.passages import Passage
from sympolis.help.questions import MOST, QuestionDesk
from sympolis.help.search import Hit, Index


@dataclass
class Help:
    """What ``api.help`` serves. ``more``: passages beside the documentation's own."""

    desk: QuestionDesk
    progress: ProgressBook
    more: Callable[[], Sequence[Passage]] = tuple
    _index: Index | None = None
    _making: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def find(self, question: str, *, limit: int) -> list[Hit]:
        """The passages that answer a question; the first question waits until the index is made."""
        async with self._making:
            if self._index is None:
                self._index = await asyncio.to_thread(self._made)
        return await asyncio.to_thread(self._index.find, question, limit=limit)

    def _made(self) -> Index:
        return Index([*passages.passages(), *self.more()])

    def forget(self, person: str) -> int:
        """Remove everything of an account: questions, and how far it was in tutorials."""
        return self.desk.book.forget(person)

    def held_of(self, person: str) -> dict[str, Any]:
        """Everything that is kept of an account: its questions with their answers, its tutorials."""
        asked = self.desk.book.questions(asker=person, limit=MOST)
        texts = [
            {"id": one.id, "text": one.text, "asked_at": one.asked_at, "answer": one.answer} for one in asked
        ]
        return {"questions": texts, "tutorials": [one.tutorial for one in self.progress.progress_of(person)]}

    def close(self) -> None:
        """Let go of the book."""
        self.desk.book.close()
