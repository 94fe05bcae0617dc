"""What is missing, as work: who could bring it, what it would change, how long it takes, and what it is worth.

Every check of a service says what its models make do without. Put together over all services, the same gap named once,
that is a list of tasks: what keeps a service from running first, then what most services ask for, then what is quick.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sympolis.orchestration.adapting import DAYS
from sympolis.orchestration.in_words import attribute_in_words, type_in_words

Json = dict[str, Any]
Texts = Mapping[str, str]

PARTIAL, BETTER = "partial", "better"
FOUND_FIRST: tuple[float, float] = (2.0, 20.0)
"""Working days to bring in data that the twin has nothing of, once somebody has them; finding them is not counted."""
ASKED_EACH = 0.02
"""Working days to ask about one thing whose figure is missing: ten minutes."""

_PARTIAL: Texts = {
    "it": "«{name}» è noto per {have} su {of} ({type})",
    "de": "„{name}“ ist bei {have} von {of} bekannt ({type})",
    "en": "“{name}” is known of {have} of {of} ({type})",
}
_PARTIAL_COST: Texts = {
    "it": "per gli altri il modello stima o fa senza: l'intervallo è più largo",
    "de": "bei den übrigen schätzt das Modell oder kommt ohne aus: Das Intervall ist breiter",
    "en": "of the others the model estimates or makes do without: the interval is wider",
}


_BETTER: Texts = {
    "it": "dati migliori: {name}",
    "de": "bessere Daten: {name}",
    "en": "better data: {name}",
}
_BETTER_COST: Texts = {
    "it": "il modello gira con ciò che c'è",
    "de": "das Modell rechnet mit dem, was da ist",
    "en": "the model runs on what there is",
}


@dataclass(frozen=True, slots=True)
class Owner:
    """Who answers for entities of a type: named by the source that brings them."""

    name: str
    source: str
    title: Texts = field(default_factory=dict)
    """The source's."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What a city knows better about a gap than any rule: who has it, how to get it, in how many working days.

    ``worth`` names the service's indicator that says what closing it is worth.
    """

    need: str
    attribute: str = ""
    who: str = ""
    how: Texts = field(default_factory=dict)
    days: tuple[float, float] | None = None
    worth: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """A service with its check, the city's own notes on its gaps, and the figures of its latest run by name."""

    id: str
    title: Texts
    check: Json
    gaps: Sequence[Gap] = ()
    figures: Mapping[str, Json] = field(default_factory=dict)


def worklist(services: Sequence[Asking], owners: Mapping[str, Owner], operator: str) -> list[Json]:
    """The tasks, most pressing first. ``owners`` is by entity type; ``operator`` answers for what nobody brings yet."""
    tasks: dict[tuple[str, str, str], Json] = {}
    for service in services:
        for one in _of(service, owners, operator):
            key = (one["type"], one["attribute"] or "", one["kind"])
            kept = tasks.setdefault(key, one)
            if kept is not one:
                _join(kept, one)
                kept["services"] += [named for named in one["services"] if named not in kept["services"]]
                kept["blocking"] |= one["blocking"]
                kept["worth"] = kept["worth"] or one["worth"]
    return sorted(tasks.values(), key=_pressing)


def _join(kept: Json, other: Json) -> None:
    """What one piece of work brings for several attributes is said in one row."""
    for name in ("what", "consequence"):
        for language, text in other[name].items():
            said = kept[name].get(language, "")
            if text not in said.split("; "):
                kept[name][language] = f"{said}; {text}" if said else text


def _pressing(task: Json) -> tuple[bool, int, float, str]:
    days = task["effort_days"]
    return (not task["blocking"], -len(task["services"]), days[1] if days else 99.0, task["id"])


def _of(service: Asking, owners: Mapping[str, Owner], operator: str) -> Iterator[Json]:
    supplies = {
        (model, supply["name"]): supply for model, needs in service.check["needs"].items() for supply in needs
    }
    found = [(one, True) for one in service.check["problems"]]
    found += [(one, False) for one in service.check["adaptations"] if one["kind"] != "unit"]
    found += [(one, False) for one in _partial(service.check["needs"])]
    found += [(one, False) for one in _declared(service, [one for one, _ in found])]
    for one, blocking in found:
        supply = supplies.get((one["model"], one["need"]))
        yield _task(service, one, supply["type"] if supply else "", blocking, owners, operator)


def _declared(service: Asking, remarks: Sequence[Json]) -> Iterator[Json]:
    """Gaps that the city names and no check can see: data that are there, and could be better."""
    said = {_place(service, one) for one in remarks}
    for place, gap in enumerate(service.gaps):
        model = next(
            (m for m, all_ in service.check["needs"].items() if any(s["name"] == gap.need for s in all_)), ""
        )
        if place not in said and model:
            words = _asked_for(gap, service.check["needs"][model])
            yield {
                "kind": BETTER,
                "model": model,
                "need": gap.need,
                "attribute": gap.attribute or None,
                "text": {language: text.format(name=words[language]) for language, text in _BETTER.items()},
                "consequence": dict(_BETTER_COST),
                "effort_days": None,
            }


def _asked_for(gap: Gap, supplies: Sequence[Json]) -> Texts:
    """In words of planners, what a gap is about: its attribute, else the kind of things."""
    if gap.attribute:
        return attribute_in_words(gap.attribute)
    return type_in_words(next(one["type"] for one in supplies if one["name"] == gap.need))


def _partial(needs: Mapping[str, Sequence[Json]]) -> Iterator[Json]:
    """Attributes that some entities carry and others do not, as remarks like those of a check."""
    for model, supplies in needs.items():
        for supply in supplies:
            standing_in = {name for name, _, _ in supply["proxies"]}
            for name, have in supply.get("carried", {}).items():
                lacking = supply["found"] - have
                if 0 < have < supply["found"] and name not in {"name", *standing_in}:
                    counts = {"have": have, "of": supply["found"]}
                    what, kind = attribute_in_words(name), type_in_words(supply["type"])
                    yield {
                        "kind": PARTIAL,
                        "model": model,
                        "need": supply["name"],
                        "attribute": name,
                        "text": {
                            language: text.format(**counts, name=what[language], type=kind[language])
                            for language, text in _PARTIAL.items()
                        },
                        "consequence": dict(_PARTIAL_COST),
                        "effort_days": [0.5, round(0.5 + ASKED_EACH * lacking, 1)],
                    }


def _task(
    service: Asking, one: Json, kind: str, blocking: bool, owners: Mapping[str, Owner], operator: str
) -> Json:
    note = _note(service, one)
    owner = owners.get(kind)
    attribute = one["attribute"] if note is None or note.attribute else None
    days = note.days if note and note.days else one["effort_days"] or list(DAYS.get(one["kind"], FOUND_FIRST))
    return {
        "id": "-".join(part for part in (kind or service.id, attribute or "", one["kind"]) if part),
        "kind": one["kind"],
        "type": kind,
        "attribute": attribute,
        "what": dict(one["text"]),
        "consequence": dict(one["consequence"]),
        "how": dict(note.how) if note else {},
        "who": (note.who if note else "") or (owner.name if owner else operator),
        "source": owner.source if owner else None,
        "source_title": dict(owner.title) if owner else {},
        "effort_days": list(days),
        "blocking": blocking,
        "services": [service.id],
        "worth": _worth(service, note),
    }


def _note(service: Asking, one: Json) -> Gap | None:
    place = _place(service, one)
    return None if place is None else service.gaps[place]


def _place(service: Asking, one: Json) -> int | None:
    """Which of the city's notes is about a remark."""
    for place, gap in enumerate(service.gaps):
        if gap.need == one["need"] and gap.attribute in ("", one["attribute"]):
            return place
    return None


def _worth(service: Asking, note: Gap | None) -> Json | None:
    return dict(service.figures[note.worth]) if note and note.worth in service.figures else None
