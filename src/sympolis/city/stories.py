"""``stories/<id>.toml``: views of the twin in an order, each with what it shows; walked through, or printed."""

# ruff: noqa: RUF009 - option() declares an immutable field, like dataclasses.field
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sympolis.acquisition.source import IDENTIFIER
from sympolis.domain.reading import Texts, option

if TYPE_CHECKING:
    from sympolis.city.folder import Contents

VIEW = r"[a-z][a-z0-9-]*(/[^?#\s]+)?(\?[^#\s]*)?"
"""A page of the interface as its address names it, behind ``#/``."""


@dataclass(frozen=True, kw_only=True)
class StoryStep:
    """One view (``[[steps]]``)."""

    title: Texts
    text: Texts
    view: str = option(pattern=VIEW)
    """As copied from the address behind ``#/``: ``map?scenario=zone-30-west&mode=compare``."""


@dataclass(frozen=True, kw_only=True)
class StoryPlan:
    """A story that the city tells (``stories/<id>.toml``)."""

    id: str = option(pattern=IDENTIFIER)
    order: int = 0
    title: Texts
    lead: Texts = option({})
    steps: tuple[StoryStep, ...]


def check(contents: Contents) -> None:
    """Note what is wrong with stories: a text that is missing in a language of the city, a story without a view."""
    for story in contents.stories.values():
        file = f"stories/{story.id}.toml"
        if not story.steps:
            contents.report(
                f"{file}: steps", "a story needs at least one view", "add [[steps]] with title, text, view"
            )
        for index, step in enumerate(story.steps):
            for name, texts in (("title", step.title), ("text", step.text)):
                _complete(contents, f"{file}: steps[{index}].{name}", texts)
        _complete(contents, f"{file}: title", story.title)


def _complete(contents: Contents, where: str, texts: Texts) -> None:
    languages = contents.facts.languages if contents.facts is not None else ()
    missing = [one for one in languages if not texts.get(one)]
    if missing:
        contents.report(where, f"is missing in {', '.join(missing)}", error=False)
