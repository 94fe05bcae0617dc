"""What every step of a life has in common, be it of a dataset, a scenario or a model: a name and a reason."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeVar

from sympolis.domain import errors

State = TypeVar("State", bound=StrEnum)

_LONGEST_NAME: Final = 60
_LEAST: Final = 3
_MOST: Final = 2000
"""Characters of a reason."""


def read_state(states: type[State], name: object, *, where: str) -> State:
    """The one of ``states`` with this name. Raises ``BadRequestData`` about ``where`` with those that there are."""
    try:
        return states(str(name))
    except ValueError:
        hint = f"known: {', '.join(states)}"
        said = f"{str(name)[:_LONGEST_NAME]!r} is no {where}"
        raise errors.BadRequestData(said, where=where, hint=hint) from None


def read_reason(text: object) -> str:
    """Why a step is taken: a sentence that others will read. Raises ``BadRequestData``."""
    words = text.strip() if isinstance(text, str) else ""
    if not _LEAST <= len(words) <= _MOST:
        said = f"a step needs a reason of {_LEAST} to {_MOST} characters"
        raise errors.BadRequestData(said, where="why", hint="say it for those who will wonder in a year")
    return words
