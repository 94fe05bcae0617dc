"""A comparison in one or two sentences that a council can read, in Italian, German and English.

The words are cautious by rule: only changes whose interval excludes zero are named as changes, always with "likely"
and their interval; everything else is said to show no clear change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sympolis.analysis.comparison import IndicatorChange
from sympolis.domain.measure import Estimate, Verdict

NAMED = 3
"""At most this many indicators are named in a sentence."""


@dataclass(frozen=True, slots=True)
class _Words:
    likely: str
    rises: str
    falls: str
    by: str
    interval: str
    unclear: str
    nothing: str
    streets: str
    joiner: str
    decimal: str


_LANGUAGES: Mapping[str, _Words] = {
    "it": _Words(
        likely="Probabile: ", rises="{name} in aumento", falls="{name} in calo", by="di circa {value}",
        interval="(intervallo al {level} %: da {low} a {high})", unclear="Nessun cambiamento chiaro per: {names}.",
        nothing="Nessun cambiamento chiaro rispetto al confronto.",
        streets="Il traffico cambia in modo chiaro su {count} tratti stradali su {total}.", joiner="; ", decimal=",",
    ),
    "de": _Words(
        likely="Wahrscheinlich: ", rises="{name} steigt", falls="{name} sinkt", by="um etwa {value}",
        interval="({level}-%-Intervall: {low} bis {high})", unclear="Keine klare Änderung bei: {names}.",
        nothing="Keine klare Änderung gegenüber dem Vergleichsfall.",
        streets="Auf {count} von {total} Straßenabschnitten ändert sich der Verkehr klar.", joiner="; ", decimal=",",
    ),
    "en": _Words(
        likely="Likely: ", rises="{name} rises", falls="{name} falls", by="by about {value}",
        interval="({level} % interval: {low} to {high})", unclear="No clear change in: {names}.",
        nothing="No clear change from the comparison case.",
        streets="Traffic clearly changes on {count} of {total} street segments.", joiner="; ", decimal=".",
    ),
}  # fmt: skip


def describe(
    changes: Sequence[IndicatorChange], *, streets: tuple[int, int] | None = None
) -> Mapping[str, str]:
    """The plain-language verdict by language.

    ``streets`` is (how many features change clearly, of how many), where the model has such a field.
    """
    return {language: _describe(changes, streets, language) for language in _LANGUAGES}


def _describe(changes: Sequence[IndicatorChange], streets: tuple[int, int] | None, language: str) -> str:
    words = _LANGUAGES[language]
    clear = [change for change in changes if change.verdict is not Verdict.NO_CLEAR_CHANGE]
    unclear = [change for change in changes if change.verdict is Verdict.NO_CLEAR_CHANGE]
    sentences = []
    if clear:
        parts = [_clause(change, words, language) for change in clear[:NAMED]]
        sentences.append(words.likely + words.joiner.join(parts) + ".")
    if clear and unclear:
        names = ", ".join(_name(change, language) for change in unclear[:NAMED])
        sentences.append(words.unclear.format(names=names))
    if not clear:
        sentences.append(words.nothing)
    if streets is not None and streets[0]:
        sentences.append(words.streets.format(count=streets[0], total=streets[1]))
    return " ".join(sentences)


def _clause(change: IndicatorChange, words: _Words, language: str) -> str:
    shown = change.percent or change.change
    rising = shown.value > 0
    pattern = words.rises if rising else words.falls
    decimals = 1 if change.percent else change.spec.decimals
    text = pattern.format(name=_name(change, language))
    size = words.by.format(value=_amount(abs(shown.value), decimals, shown.unit, words))
    return f"{text} {size} {_interval(shown, decimals, rising=rising, words=words)}"


def _interval(shown: Estimate, decimals: int, *, rising: bool, words: _Words) -> str:
    low, high = shown.interval.low, shown.interval.high
    ends = (low, high) if rising else (-high, -low)
    near, far = (_amount(end, decimals, "", words) for end in ends)
    unit = f" {shown.unit}" if shown.unit else ""
    return words.interval.format(level=round(shown.interval.level * 100), low=near, high=far + unit)


def _amount(value: float, decimals: int, unit: str, words: _Words) -> str:
    number = f"{value:.{decimals}f}".replace(".", words.decimal)
    return f"{number} {unit}".strip()


def _name(change: IndicatorChange, language: str) -> str:
    title = change.spec.title
    return title.get(language) or title.get("en") or change.spec.name
