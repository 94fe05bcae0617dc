"""Who may read what was said: each step has its reason, its author can disagree, and then somebody else looks again."""

from __future__ import annotations

from datetime import datetime
from typing import Final, TypeVar

from msgspec.structs import replace

from sympolis.decision.participation.record import Comment, Contribution, State, Step
from sympolis.domain import errors

T = TypeVar("T", bound=Contribution | Comment)

PUBLISH: Final = "publish"
HIDE: Final = "hide"
ACTS: Final = (PUBLISH, HIDE)
APPEAL: Final = "appeal"
WITHDRAW: Final = "withdraw"
HELD: Final = "held"
REPORTED: Final = "reported"
ERASE: Final = "erase"
ENOUGH_REPORTS: Final = 3
"""So many people who find something wrong take it out until somebody has looked."""
_GONE: Final = (State.WITHDRAWN, State.ERASED)
_OUTCOME: Final = {PUBLISH: State.PUBLISHED, HIDE: State.HIDDEN}


def moderated(one: T, act: str, *, by: str, reason: str, at: datetime, alone: bool = False) -> T:
    """What it becomes when a moderator publishes or hides it.

    An appeal is decided by somebody else than who hid it, unless ``alone``: where one person runs the whole twin.
    Raises ``Conflict``, and ``BadRequestData`` for hiding without a reason.
    """
    if one.state in _GONE:
        raise errors.Conflict(f"it is {one.state}", where="id")
    if act == HIDE and not reason:
        raise errors.BadRequestData("must not be empty: its author reads it", where="reason")
    if one.state is State.APPEALED and not alone and by == _hidden_by(one):
        raise errors.Conflict(
            "an appeal is decided by somebody else than who hid it", where="by", hint="ask a colleague"
        )
    return _stepped(replace(one, state=_OUTCOME[act], reports=0), Step(at, act, by, reason))


def appealed(one: T, *, text: str, at: datetime) -> T:
    """What it becomes when its author disagrees: once, with a reason. Raises ``Conflict``, ``BadRequestData``."""
    if one.state is not State.HIDDEN:
        raise errors.Conflict("only what was hidden can be appealed", where="id")
    if any(step.act == APPEAL for step in one.trail):
        raise errors.Conflict("the appeal was decided", where="id", hint="contribute it in other words")
    if not text:
        raise errors.BadRequestData("must not be empty", where="reason")
    return _stepped(replace(one, state=State.APPEALED), Step(at, APPEAL, "", text))


def reported(one: T, *, reason: str, at: datetime) -> T:
    """What it becomes when a reader finds something wrong with it. Raises ``NotFound``, ``BadRequestData``."""
    if one.state is not State.PUBLISHED:
        raise errors.NotFound(f"there is no {one.id}", where="id")
    if not reason:
        raise errors.BadRequestData("must not be empty: say what is wrong", where="reason")
    grown = replace(one, reports=one.reports + 1)
    if grown.reports >= ENOUGH_REPORTS:
        grown = replace(grown, state=State.WAITING)
    return _stepped(grown, Step(at, REPORTED, "", reason))


def withdrawn(one: T, *, at: datetime) -> T:
    """What it becomes when its author takes it back. Raises ``Conflict``."""
    if one.state in _GONE:
        raise errors.Conflict(f"it is {one.state}", where="id")
    return _stepped(replace(one, state=State.WITHDRAWN), Step(at, WITHDRAW))


def erased(one: T, *, at: datetime) -> T:
    """Only that there was something: decision files and answers that speak of it do not lead into nothing."""
    blank = replace(one, author="", name="", text="", state=State.ERASED, reports=0, trail=(Step(at, ERASE),))
    if isinstance(blank, Contribution):
        blank = replace(
            blank,
            title="",
            place=None,
            place_name="",
            place_id="",
            photos=(),
            age="",
            home="",
            run="",
            levers={},
        )
    return blank


def is_unsettled(one: Contribution | Comment) -> bool:
    """Whether a moderator should look at it."""
    return one.state in (State.WAITING, State.APPEALED) or (one.state is State.PUBLISHED and one.reports > 0)


def _hidden_by(one: Contribution | Comment) -> str:
    return next((step.by for step in reversed(one.trail) if step.act == HIDE), "")


def _stepped(one: T, step: Step) -> T:
    return replace(one, trail=(*one.trail, step))
