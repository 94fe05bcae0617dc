"""Forgetting somebody, now and in what an old backup brings back.

The list of erasures beside a backup keeps marks (``context.dumps.erased``); what is marked here is a voice's keyed
hash together with its project, so that the list tells even those who hold it nothing of whom it is about.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sympolis.context.dumps.erased import Erasure, mark_of
from sympolis.decision.participation import moderation
from sympolis.decision.participation.record import ParticipationBook

OWN_WISH: Final = "asked for by whoever said it, in the project"


def erase(book: ParticipationBook, project: str, author: str, *, at: datetime) -> int:
    """Erase everything of somebody in a project; how many contributions and comments it was."""
    gone = [moderation.erased(one, at=at) for one in book.said_by(project, author)]
    book.erase(project, author, gone)
    return len(gone)


def voice_mark(project: str, author: str) -> str:
    """The mark of a voice on a list of erasures; no entity's id has it."""
    return mark_of(f"participation\x1f{project}\x1f{author}")


def erasure_of(project: str, author: str, *, at: datetime, by: str = "", why: str = OWN_WISH) -> Erasure:
    """What is noted of an erasure: when, why, ordered by whom ('' for the person), but not of whom."""
    return Erasure(mark=voice_mark(project, author), at=at, by=by, why=why)


def erase_marked(book: ParticipationBook, marks: Collection[str], *, at: datetime) -> int:
    """Erase everybody whose mark is among ``marks``; how many contributions and comments it was."""
    whose = [voice for voice in book.voices() if voice_mark(*voice) in marks]
    return sum(erase(book, *voice, at=at) for voice in whose)
