"""What stands between a model and a twin's data, in words that a planner can read and weigh.

Every remark says in the three languages what is missing or different, what that costs the answer, and how much work
it is to make good. The work is an estimate by kind, in working days of somebody who knows the twin; it is stated so
that two cities can compare, not promised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sympolis.domain import errors
from sympolis.orchestration.in_words import LANGUAGES, attribute_in_words, type_in_words

Texts = Mapping[str, str]

RUNS, ADAPTED, CANNOT = "runs", "runs with adaptations", "cannot"

DAYS: Final[Mapping[str, tuple[float, float]]] = {
    "unit": (0.0, 0.0),
    "age": (0.0, 2.0),
    "gap": (0.0, 5.0),
    "without": (0.0, 2.0),
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
            "{type} senza «{name}»: il modello fa senza",
            "{type} ohne „{name}“: Das Modell kommt ohne aus",
            "{type} without “{name}”: the model makes do without it",
        ),
        (
            "il modello usa un valore predefinito: il risultato vale meno dove «{name}» conta",
            "das Modell nimmt einen Vorgabewert: Das Ergebnis ist schwächer, wo „{name}“ zählt",
            "the model takes a default: the result is weaker where “{name}” matters",
        ),
    ),
    "absent": _Wording(
        (
            "il gemello non ha {what}: il modello fa senza",
            "der Zwilling hat keine Daten „{what}“: Das Modell kommt ohne aus",
            "the twin has no data on {what}: the model makes do without",
        ),
        ("{cost}", "{cost}", "{cost}"),
    ),
    "without": _Wording(
        ("senza «{name}»: {what}", "ohne „{name}“: {what}", "without “{name}”: {what}"),
        (
            "facoltativo: il modello ne terrebbe conto, ma il risultato non ne dipende",
            "freiwillig: Das Modell würde es berücksichtigen, das Ergebnis hängt nicht daran",
            "optional: the model would take it into account, the result does not depend on it",
        ),
    ),
    "proxy": _Wording(
        (
            "«{used}» sostituisce «{name}» ({type}: {count})",
            "„{used}“ steht für „{name}“ ({type}: {count})",
            "“{used}” stands in for “{name}” ({type}: {count})",
        ),
        (
            "il risultato riguarda «{used}», non «{name}»: va detto accanto a ogni cifra",
            "das Ergebnis handelt von „{used}“, nicht von „{name}“: Das gehört neben jede Zahl",
            "the result speaks of “{used}”, not of “{name}”: that belongs beside every figure",
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
            "{type}: il dato più recente ha {age} giorni, il modello ne chiede al massimo {limit}",
            "{type}: Der neueste Wert ist {age} Tage alt, das Modell verlangt höchstens {limit}",
            "{type}: the newest value is {age} days old, the model asks for at most {limit}",
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
            "«{other}» porta gli stessi attributi di «{type}»: basta associarlo",
            "„{other}“ trägt dieselben Merkmale wie „{type}“: Es muss nur zugeordnet werden",
            "“{other}” carries what “{type}” is needed for: it only has to be mapped",
        ),
        (
            "da verificare: se {other} intende la stessa cosa, nessuna",
            "zu prüfen: wenn {other} dasselbe meint, keine",
            "to be verified: none if {other} means the same thing",
        ),
    ),
    "aggregation": _Wording(
        (
            "«{name}» esiste per «{other}», più fine: va riportato su «{type}»",
            "„{name}“ gibt es je „{other}“, feiner: Es muss auf „{type}“ zusammengefasst werden",
            "“{name}” exists by “{other}”, which is finer: it has to be summed up to “{type}”",
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
            "{type}: il modello ne chiede almeno {minimum}, il gemello ne ha {found}",
            "{type}: Das Modell braucht mindestens {minimum}, der Zwilling hat {found}",
            "{type}: the model needs at least {minimum}, the twin has {found}",
        ),
        (
            "senza questi dati non gira",
            "ohne diese Daten läuft es nicht",
            "it does not run without these data",
        ),
    ),
    "coverage": _Wording(
        (
            "{type}: il {share} ha «{name}», il modello ne chiede il {wanted}",
            "{type}: {share} haben „{name}“, das Modell braucht {wanted}",
            "{type}: {share} have “{name}”, the model needs {wanted}",
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
            "«{used}» sostituirebbe «{name}», che questo servizio non accetta",
            "„{used}“ würde für „{name}“ stehen, was dieser Dienst nicht zulässt",
            "“{used}” would stand in for “{name}”, which this service does not accept",
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


_TERMS: Final = {
    "type": type_in_words,
    "other": type_in_words,
    "name": attribute_in_words,
    "used": attribute_in_words,
}
"""The places that terms of the data model fill, and how these are said to people."""


def remark(kind: str, need: str, **names: object) -> Remark:
    """A remark of a kind; ``names`` fill the places in its wording, terms of the data model in people's words."""
    words = _WORDS[kind]
    shown = {place: _TERMS[place](str(one)) if place in _TERMS else one for place, one in names.items()}
    text, consequence = _said(words.text, shown), _said(words.consequence, shown)
    return Remark(kind, need, text, consequence, DAYS.get(kind), str(names.get("name", "")))


def absent(need: str, kind: str, variables: Sequence[str], cost: Texts) -> Remark:
    """Nothing at all was found for a need that a model can do without; ``cost``: what that means for the answer."""
    return remark("absent", need, what=_what(kind, variables), cost=cost or _COST)


def unused(need: str, kind: str, variables: Sequence[str], name: str) -> Remark:
    """An optional attribute that nothing carries: named, and no reason to call the answer weaker."""
    return remark("without", need, what=_what(kind, variables), name=name)


def _what(kind: str, variables: Sequence[str]) -> Texts:
    what = type_in_words(kind)
    for name in variables:
        said = attribute_in_words(name)
        what = {language: f"{said[language]} ({what[language]})" for language in LANGUAGES}
    return what


_COST: Final[Texts] = {
    "it": "il risultato vale meno dove questi dati contano",
    "de": "das Ergebnis ist schwächer, wo diese Daten zählen",
    "en": "the result is weaker where these data matter",
}


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
