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

SUBMIT: Final = "datasets.submit"
RELEASE: Final = "datasets.release"


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
