"""The verdict on a dataset's quality, in one word and its reasons: nobody should have to trust a green dot.

``good`` every expectation is met · ``fair`` something is remarkable or one expectation is missed · ``poor`` the newest
delivery was refused or the data are overdue · ``unknown`` nothing has been measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from sympolis.governance.quality.metrics import METRICS

Json = Mapping[str, Any]
Texts = Mapping[str, str]
LANGUAGES: Final = ("it", "de", "en")
_GRAVE: Final = frozenset(("age",))
"""Metrics whose failing alone makes the data unfit for what they promise."""
_TEXTS: Final[Mapping[str, Texts]] = {
    "good": {
        "it": "Tutte le aspettative sono rispettate.",
        "de": "Alle Erwartungen sind erfüllt.",
        "en": "Every expectation is met.",
    },
    "unknown": {
        "it": "Non è ancora stato misurato nulla.",
        "de": "Es wurde noch nichts gemessen.",
        "en": "Nothing has been measured yet.",
    },
    "missed": {
        "it": "{title}: {value}; atteso: {expected}.",
        "de": "{title}: {value}; erwartet: {expected}.",
        "en": "{title}: {value}; expected: {expected}.",
    },
    "last": {
        "it": "L'ultima consegna è stata rifiutata.",
        "de": "Die letzte Lieferung wurde abgelehnt.",
        "en": "The last delivery was refused.",
    },
    "unjudged": {
        "it": "Nessuno ha detto quanto possono essere vecchi i dati: la loro età non è valutata.",
        "de": "Niemand hat gesagt, wie alt die Daten sein dürfen: Ihr Alter ist nicht beurteilt.",
        "en": "Nobody has said how old the data may be: their age is not judged.",
    },
    "failed": {
        "it": "L'ultima lettura della fonte non è riuscita; i dati sono quelli di prima.",
        "de": "Das letzte Lesen der Quelle ist fehlgeschlagen; die Daten sind die von vorher.",
        "en": "The last reading of the source failed; the data are those from before.",
    },
    "stale": {
        "it": "Non arriva più nulla da troppo tempo.",
        "de": "Seit zu langer Zeit kommt nichts mehr an.",
        "en": "Nothing has arrived for too long.",
    },
    "closed": {
        "it": "È una raccolta conclusa, non un flusso aggiornato.",
        "de": "Es ist eine abgeschlossene Sammlung, kein laufender Strom.",
        "en": "It is a closed collection, not a current feed.",
    },
}


_EXPECTED: Final[Mapping[str, Texts]] = {
    r"at least (.+)": {"it": r"almeno \1", "de": r"mindestens \1"},
    r"at most (.+)": {"it": r"al massimo \1", "de": r"höchstens \1"},
    r"every row": {"it": "ogni riga", "de": "jede Zeile"},
    r"(.+) to (.+) times the usual": {
        "it": r"da \1 a \2 volte il solito",
        "de": r"das \1- bis \2-Fache des Üblichen",
    },
}
"""What measures of ``acquisition.measuring`` are expected to be."""


def note_on_age(status: str) -> Texts | None:
    """What has to be said of the age of data whose source is in this state; None where nothing has."""
    return _TEXTS[status] if status in ("closed", "unjudged") else None


@dataclass(frozen=True, slots=True)
class Badge:
    """``grade`` and why, by language."""

    grade: str
    reasons: tuple[Texts, ...]
    warning: tuple[Texts, ...] = ()
    """What is wrong with the source since then: its last delivery was refused, or could not be had."""

    def to_json(self) -> dict[str, Any]:
        """The form of docs/reference/twin-api.md."""
        return asdict(self)


def badge_of(evaluation: Json | None, status: str = "fresh") -> Badge:
    """The badge of a dataset with this newest evaluation and this state of its source."""
    if evaluation is None:
        return Badge("unknown", (_TEXTS["unknown"],))
    missed = [one for one in evaluation["measures"] if one["passed"] is False]
    told = [one["text"] for one in evaluation["findings"]]
    reasons = [*told, *_missed(missed)]
    if not evaluation["taken"]:
        return Badge("poor", (_TEXTS["last"], *told))
    if status == "stale" or any(one["metric"] in _GRAVE for one in missed):
        return Badge("poor", tuple(reasons) or (_TEXTS["stale"],))
    note = note_on_age(status)
    return Badge("fair" if reasons else "good", (*(reasons or [_TEXTS["good"]]), *([note] if note else [])))


def badge_of_data(evaluations: Sequence[Json], status: str = "fresh") -> Badge:
    """The badge of the data that are there, by their evaluations (newest first).

    A delivery that was refused says nothing against what was taken before it: that is a ``warning`` beside the grade.
    """
    newest = next((one for one in evaluations if one["taken"]), None)
    refused = [one for one in evaluations[:1] if not one["taken"]]
    if newest is None:
        return badge_of(refused[0] if refused else None, status)
    badge = badge_of(newest, status)
    if refused:
        return replace(badge, warning=(_TEXTS["last"], *(one["text"] for one in refused[0]["findings"])))
    return replace(badge, warning=(_TEXTS["failed"],)) if status == "failed" else badge


def _missed(measures: Sequence[Json]) -> Iterator[Texts]:
    for measure in measures:
        title = METRICS[measure["metric"]].title
        about = f" ({measure['attribute']})" if measure["attribute"] else ""
        yield {
            language: _TEXTS["missed"][language].format(
                title=title[language] + about,
                value=_shown(measure),
                expected=_wanted(measure["expected"], language),
            )
            for language in LANGUAGES
        }


def _wanted(expected: str, language: str) -> str:
    """What a measure was to be (as acquisition says it, in English), in a language."""
    for pattern, words in _EXPECTED.items():
        match = re.fullmatch(pattern, expected)
        if match is not None and language in words:
            return match.expand(words[language])
    return expected


def _shown(measure: Json) -> str:
    value, unit = measure["value"], measure["unit"]
    if unit == "1" and measure["metric"] != "scale":
        return f"{int(value * 1000) / 10:g} %"  # cut, not rounded: 99.96 % is not all of them
    return f"{value:g}" if unit == "1" else f"{value:g} {unit}"
