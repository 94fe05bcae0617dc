"""What stands between a model and a twin's data, in words that a planner can read and weigh.

Every remark says in the three languages what is missing or different, what that costs the answer, and how much work
it is to make good. The work is an estimate by kind, in working days of somebody who knows the twin; it is stated so
that two cities can compare, not promised.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sympolis.domain import errors

Texts = Mapping[str, str]

RUNS, ADAPTED, CANNOT = "runs", "runs with adaptations", "cannot"

DAYS: Final[Mapping[str, tuple[float, float]]] = {
    "unit": (0.0, 0.0),
    "age": (0.0, 2.0),
    "gap": (0.0, 5.0),
    "proxy": (0.5, 2.0),
    "resolution": (0.0, 10.0),
    "mapping": (0.5, 2.0),
    "aggregation": (1.0, 5.0),
    "licence": (0.5, 10.0),
}
"""Working days by kind. Units convert by themselves; the upper end is what it takes to do without the remark."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing between a need and the data. ``days`` None: nobody can say (the data have to be found first)."""

    kind: str
    need: str
    text: Texts
    consequence: Texts
    days: tuple[float, float] | None = None
    attribute: str = ""
    """The attribute that it is about, if it is about one."""


@dataclass(frozen=True, slots=True)
class _Wording:
    """A remark's text and consequence with places for names and figures: (it, de, en)."""

    text: tuple[str, str, str]
    consequence: tuple[str, str, str]


_WORDS: Final[Mapping[str, _Wording]] = {
    "gap": _Wording(
        (
            "nessun {type} ha {name}: il modello fa senza",
            "kein {type} hat {name}: das Modell kommt ohne aus",
            "no {type} has {name}: the model makes do without it",
        ),
        (
            "il modello usa un valore predefinito: il risultato vale meno dove {name} conta",
            "das Modell nimmt einen Vorgabewert: Das Ergebnis ist schwächer, wo {name} zählt",
            "the model takes a default: the result is weaker where {name} matters",
        ),
    ),
    "proxy": _Wording(
        (
            "{used} sostituisce {name} per {count} {type}",
            "{used} steht bei {count} {type} für {name}",
            "{used} stands in for {name} of {count} {type} entities",
        ),
        (
            "il risultato riguarda {used}, non {name}: va detto accanto a ogni cifra",
            "das Ergebnis handelt von {used}, nicht von {name}: Das gehört neben jede Zahl",
            "the result speaks of {used}, not of {name}: that belongs beside every figure",
        ),
    ),
    "unit": _Wording(
        (
            "{name} arriva in {given} e viene convertito in {wanted}",
            "{name} kommt in {given} und wird in {wanted} umgerechnet",
            "{name} comes in {given} and is converted to {wanted}",
        ),
        (
            "nessuna: la conversione è esatta",
            "keine: Die Umrechnung ist exakt",
            "none: the conversion is exact",
        ),
    ),
    "age": _Wording(
        (
            "l'ultimo {type} ha {age} giorni, il modello ne chiede al massimo {limit}",
            "der neueste {type} ist {age} Tage alt, das Modell verlangt höchstens {limit}",
            "the newest {type} is {age} days old, the model asks for at most {limit}",
        ),
        (
            "il risultato descrive una città di {age} giorni fa",
            "das Ergebnis beschreibt die Stadt von vor {age} Tagen",
            "the result describes the city of {age} days ago",
        ),
    ),
    "resolution": _Wording(
        (
            "celle di {size} m sono più grosse dei {limit} m che il modello chiede",
            "Zellen von {size} m sind gröber als die {limit} m, die das Modell verlangt",
            "cells of {size} m are coarser than the {limit} m that the model asks for",
        ),
        (
            "differenze entro {size} m non si vedono",
            "Unterschiede innerhalb von {size} m sind nicht zu sehen",
            "differences within {size} m do not show",
        ),
    ),
    "mapping": _Wording(
        (
            "{other} porta gli stessi attributi di {type}: basta associarlo",
            "{other} trägt dieselben Merkmale wie {type}: Es muss nur zugeordnet werden",
            "{other} carries what {type} is needed for: it only has to be mapped",
        ),
        (
            "da verificare: se {other} intende la stessa cosa, nessuna",
            "zu prüfen: wenn {other} dasselbe meint, keine",
            "to be verified: none if {other} means the same thing",
        ),
    ),
    "aggregation": _Wording(
        (
            "{name} esiste per {other}, più fine: va riportato su {type}",
            "{name} gibt es je {other}, feiner: Es muss auf {type} zusammengefasst werden",
            "{name} exists by {other}, which is finer: it has to be summed up to {type}",
        ),
        (
            "il totale resta giusto; ai bordi conta come {other} viene ripartito",
            "die Summe bleibt richtig; an den Rändern zählt, wie {other} aufgeteilt wird",
            "totals stay right; along borders it matters how {other} is divided",
        ),
    ),
    "licence": _Wording(
        (
            "la licenza {licence} di {source} {duty}",
            "die Lizenz {licence} von {source} {duty}",
            "the licence {licence} of {source} {duty}",
        ),
        (
            "il modello può girare; per pubblicare il risultato serve una verifica",
            "das Modell kann laufen; vor dem Veröffentlichen des Ergebnisses ist zu prüfen",
            "the model may run; publishing the result needs a check first",
        ),
    ),
    "few": _Wording(
        (
            "il modello chiede almeno {minimum} {type}, il gemello ne ha {found}",
            "das Modell braucht mindestens {minimum} {type}, der Zwilling hat {found}",
            "the model needs at least {minimum} {type} entities, the twin has {found}",
        ),
        (
            "senza questi dati non gira",
            "ohne diese Daten läuft es nicht",
            "it does not run without these data",
        ),
    ),
    "coverage": _Wording(
        (
            "il {share} dei {type} ha {name}, il modello ne chiede il {wanted}",
            "{share} der {type} haben {name}, das Modell braucht {wanted}",
            "{share} of the {type} entities have {name}, the model needs {wanted}",
        ),
        (
            "senza questi dati non gira",
            "ohne diese Daten läuft es nicht",
            "it does not run without these data",
        ),
    ),
    "quantity": _Wording(
        ("{message}", "{message}", "{message}"),
        (
            "un'altra grandezza non si converte",
            "eine andere Größe lässt sich nicht umrechnen",
            "another quantity cannot be converted",
        ),
    ),
    "refused": _Wording(
        (
            "{used} sostituirebbe {name}, che questo servizio non accetta",
            "{used} würde für {name} stehen, was dieser Dienst nicht zulässt",
            "{used} would stand in for {name}, which this service does not accept",
        ),
        (
            "senza questi dati non gira",
            "ohne diese Daten läuft es nicht",
            "it does not run without these data",
        ),
    ),
    "chain": _Wording(
        ("{message}", "{message}", "{message}"),
        ("la catena non combacia", "die Kette passt nicht zusammen", "the chain does not fit together"),
    ),
    "plugin": _Wording(
        (
            "il simulatore {simulator} non è installato qui",
            "der Simulator {simulator} ist hier nicht installiert",
            "the simulator {simulator} is not installed here",
        ),
        ("il servizio non gira", "der Dienst läuft nicht", "the service does not run"),
    ),
}
LANGUAGES: Final = ("it", "de", "en")


def remark(kind: str, need: str, **names: object) -> Remark:
    """A remark of a kind; ``names`` fill the places in its wording."""
    words = _WORDS[kind]
    text, consequence = _said(words.text, names), _said(words.consequence, names)
    return Remark(kind, need, text, consequence, DAYS.get(kind), str(names.get("name", "")))


def _said(wording: tuple[str, str, str], names: Mapping[str, object]) -> Texts:
    filled = {
        name: dict.fromkeys(LANGUAGES, str(value)) if not isinstance(value, Mapping) else value
        for name, value in names.items()
    }
    return {
        language: text.format(**{name: said[language] for name, said in filled.items()})
        for language, text in zip(LANGUAGES, wording, strict=True)
    }


def of_error(wrong: errors.SympolisError, need: str) -> Remark:
    """What a converter refuses, as a remark."""
    return remark("quantity", need, message=wrong.message)


def document(one: Remark, model: str = "") -> dict[str, Any]:
    """A remark as ``twin-api.md`` has it."""
    return {
        "kind": one.kind,
        "model": model,
        "need": one.need,
        "attribute": one.attribute or None,
        "text": dict(one.text),
        "consequence": dict(one.consequence),
        "effort_days": list(one.days) if one.days else None,
    }
