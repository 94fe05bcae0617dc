"""The stages of a dataset's life and the steps between them, as values.

    draft -> in-review -> released -> deprecated

A review may give a dataset back to its draft, and what is released or deprecated can be taken back there; what is
deprecated can be released again. Deprecated data stay public: whoever relies on them is told, not cut off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sympolis.domain import errors

SUBMIT: Final = "datasets.submit"
RELEASE: Final = "datasets.release"
_MOST_WORDS: Final = 2000
_LEAST_WORDS: Final = 3


class Stage(StrEnum):
    """Where a dataset is in its life."""

    DRAFT = "draft"
    IN_REVIEW = "in-review"
    RELEASED = "released"
    DEPRECATED = "deprecated"

    @property
    def is_public(self) -> bool:
        """Whether strangers may know of a dataset in this stage."""
        return self in (Stage.RELEASED, Stage.DEPRECATED)


RIGHTS: Final[Mapping[tuple[Stage, Stage], str]] = {
    (Stage.DRAFT, Stage.IN_REVIEW): SUBMIT,
    (Stage.IN_REVIEW, Stage.DRAFT): SUBMIT,
    (Stage.IN_REVIEW, Stage.RELEASED): RELEASE,
    (Stage.RELEASED, Stage.DEPRECATED): RELEASE,
    (Stage.RELEASED, Stage.DRAFT): RELEASE,
    (Stage.DEPRECATED, Stage.RELEASED): RELEASE,
    (Stage.DEPRECATED, Stage.DRAFT): RELEASE,
}
"""Every step that there is, with the right that it needs (``governance/roles/roles.toml``)."""


@dataclass(frozen=True, slots=True)
class Step:
    """A dataset came to ``stage``: when, by whom (a subject's id) and for which reason."""

    stage: Stage
    at: datetime
    by: str
    why: str


def next_stages(stage: Stage) -> tuple[Stage, ...]:
    """Where a dataset can go from here."""
    return tuple(to for begin, to in RIGHTS if begin is stage)


def read_stage(text: object) -> Stage:
    """The stage of this name. Raises ``BadRequestData``."""
    try:
        return Stage(str(text))
    except ValueError:
        known = ", ".join(Stage)
        raise errors.BadRequestData(f"{text!r} is no stage", where="stage", hint=f"known: {known}") from None


def read_reason(text: object) -> str:
    """Why a step is taken: a sentence that others will read. Raises ``BadRequestData``."""
    words = text.strip() if isinstance(text, str) else ""
    if not _LEAST_WORDS <= len(words) <= _MOST_WORDS:
        raise errors.BadRequestData(
            f"a step needs a reason of {_LEAST_WORDS} to {_MOST_WORDS} characters",
            where="why",
            hint="say it for those who will wonder in a year",
        )
    return words
