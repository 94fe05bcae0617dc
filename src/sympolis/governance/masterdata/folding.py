"""From what was declared and what was decided to what is known: decisions applied in order, undone ones left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from sympolis.governance.masterdata.model import Decision, Thing
from sympolis.governance.masterdata.nearness import apart


@dataclass(slots=True)
class State:
    """What is known of one kind."""

    things: dict[str, Thing]
    rejected: set[tuple[str, str]] = field(default_factory=set)
    """(name, id of a thing) → it was decided that the name does not mean it."""


def in_force(decisions: Sequence[Decision]) -> list[Decision]:
    """The decisions that count: those that no later one in force has undone."""
    undone: set[int] = set()
    for one in reversed(decisions):
        if one.action == "undo" and one.number not in undone:
            undone.add(one.undoes)
    return [one for one in decisions if one.action != "undo" and one.number not in undone]


def folded_state(declared: Iterable[Thing], decisions: Sequence[Decision]) -> State:
    """The state after ``decisions`` (of one kind, in force) on what the city ``declared``."""
    state = State({one.id: one for one in declared})
    for one in decisions:
        _ACTIONS[one.action](state, one)
    return state


def _accept(state: State, one: Decision) -> None:
    thing = state.things.get(one.thing)
    if thing is None or one.words in (thing.name, *thing.aliases, *thing.spots):
        return
    if apart(one.words)[1] is not None:
        state.things[thing.id] = replace(thing, spots=(*thing.spots, one.words))
    else:
        state.things[thing.id] = replace(thing, aliases=(*thing.aliases, one.words))


def _reject(state: State, one: Decision) -> None:
    state.rejected.add((one.words, one.thing))


def _add(state: State, one: Decision) -> None:
    state.things.setdefault(one.thing, Thing(id=one.thing, name=one.words, valid_from=_day(one)))


def _rename(state: State, one: Decision) -> None:
    thing = state.things.get(one.thing)
    if thing is not None:
        aliases = tuple(dict.fromkeys((*thing.aliases, thing.name)))
        state.things[thing.id] = replace(thing, name=one.words, aliases=aliases)


def _retire(state: State, one: Decision) -> None:
    thing = state.things.get(one.thing)
    if thing is not None:
        state.things[thing.id] = replace(thing, valid_to=_day(one))


def _merge(state: State, one: Decision) -> None:
    """The others end and lead to the thing, which answers to their names from then on."""
    target = state.things.get(one.thing)
    gone = [state.things[name] for name in one.others if name in state.things]
    if target is None:
        return
    names = [name for thing in gone for name in (thing.name, *thing.aliases)]
    codes = [code for thing in gone for code in thing.codes]
    state.things[target.id] = replace(
        target,
        aliases=tuple(dict.fromkeys((*target.aliases, *(name for name in names if name != target.name)))),
        codes=tuple(dict.fromkeys((*target.codes, *codes))),
        spots=tuple(dict.fromkeys((*target.spots, *(spot for thing in gone for spot in thing.spots)))),
    )
    for thing in gone:
        state.things[thing.id] = replace(thing, valid_to=_day(one), successors=(target.id,))


def _split(state: State, one: Decision) -> None:
    thing = state.things.get(one.thing)
    if thing is not None:
        state.things[thing.id] = replace(thing, valid_to=_day(one), successors=tuple(one.others))


def _day(one: Decision) -> date:
    return date.fromisoformat(one.day) if one.day else one.at.date()


_ACTIONS: Mapping[str, Callable[[State, Decision], None]] = {
    "accept": _accept,
    "reject": _reject,
    "add": _add,
    "rename": _rename,
    "retire": _retire,
    "merge": _merge,
    "split": _split,
}
