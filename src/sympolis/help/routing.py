"""Which topic a question belongs to, and who answers there: by rules that the city writes (``help.toml``).

The platform has topics of its own (``topics.toml``); a city's topic takes the place of the one with its id, and comes
before them. A topic has words in each language: the beginning of a word in the question, or a part of a long one. Most
different words wins, the earlier topic where two have as many, and the last topic of all where there are none.
"""

# ruff: noqa: RUF009 - option() declares an immutable field, like dataclasses.field
from __future__ import annotations

import functools
import re
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from sympolis.domain import errors, reading
from sympolis.domain.reading import Finding, Texts, option
from sympolis.help.clock import holiday_complaint

IDENTIFIER: Final = r"[a-z0-9][a-z0-9-]{0,62}"
_WORD: Final = re.compile(r"[^\W_]+")
_WITHIN: Final = 5
"""A word of so many letters may stand anywhere in a longer one: German joins words."""


@dataclass(frozen=True, kw_only=True)
class Topic:
    """What questions can be about, and who answers them (``[[topics]]``)."""

    id: str = option(pattern=IDENTIFIER)
    title: Texts
    words: Texts = option({})
    """By language, with spaces between: beginnings of words by which a question is known to be about this."""
    roles: tuple[str, ...] = ()
    """Whoever has one of these roles answers."""
    people: tuple[str, ...] = ()
    """Accounts that answer; where some are named, a question is theirs before it is a role's."""


@dataclass(frozen=True, kw_only=True)
class HelpPlan:
    """The desk for questions (``help.toml``)."""

    answer_days: int = option(2, minimum=1, maximum=20)
    """Working days within which a question is answered."""
    holidays: tuple[str, ...] = ()
    """Days on which nobody works: ``2026-11-18``, each year's ``12-25``, or ``easter+1``."""
    topics: tuple[Topic, ...] = ()
    """The city's own topics; the platform's come after them."""


def complaints(plan: HelpPlan) -> list[tuple[str, str]]:
    """What is wrong in a plan beyond its types: (field, what)."""
    found = [
        (f"holidays[{at}]", problem)
        for at, one in enumerate(plan.holidays)
        if (problem := holiday_complaint(one)) is not None
    ]
    ids = [one.id for one in plan.topics]
    found += [(f"topics: {one}", "stands there twice") for one in sorted(set(ids)) if ids.count(one) > 1]
    return found


def topics_of(plan: HelpPlan) -> tuple[Topic, ...]:
    """The topics of a city, its own first; the last takes what nothing else takes."""
    own = {one.id for one in plan.topics}
    return (*plan.topics, *(one for one in default_topics() if one.id not in own))


@functools.cache
def default_topics() -> tuple[Topic, ...]:
    """Those that every twin has."""
    findings: list[Finding] = []
    text = files(__package__).joinpath("topics.toml").read_text("utf-8")
    found = reading.read(HelpPlan, tomllib.loads(text), "topics.toml", findings)
    if found is None:
        raise errors.CityPackageInvalid("; ".join(map(str, findings)), where="topics.toml")
    return found.topics


def route(text: str, topics: Sequence[Topic]) -> Topic:
    """The topic that a question is about."""
    said = tokens(text)
    hits = [_hits(topic, said) for topic in topics]
    return topics[hits.index(max(hits))] if any(hits) else topics[-1]


def _hits(topic: Topic, said: frozenset[str]) -> int:
    known = tokens(" ".join(topic.words.values()))
    return sum(any(_means(word, one) for one in said) for word in known)


def _means(word: str, said: str) -> bool:
    return said.startswith(word) or (len(word) >= _WITHIN and word in said)


def tokens(text: str) -> frozenset[str]:
    """The different words of a text, without case and accents."""
    return frozenset(words_of(text))


def words_of(text: str) -> list[str]:
    """The words of a text in their order, without case and accents."""
    return _WORD.findall(plain(text))


def plain(text: str) -> str:
    """A text without case and accents."""
    if text.isascii():
        return text.lower()
    taken_apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in taken_apart if not unicodedata.combining(one))
