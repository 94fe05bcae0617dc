"""A comparison in one or two sentences that a council can read, in Italian, German and English.

The words are cautious by rule: only changes whose interval excludes zero, and that are not written as 0, are named as
changes, always with "likely" and their interval; everything else is said to show no clear change. The sentence uses the
verdicts' own words, so that it says the same as the tiles beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from sympolis.analysis.comparison import PERCENT_DECIMALS, IndicatorChange
from sympolis.domain.measure import Direction, Estimate, Verdict
from sympolis.domain.numerals import as_written
from sympolis.domain.unit_words import unit_in_words

NAMED = {Direction.LOWER: 2, Direction.HIGHER: 2, Direction.NEUTRAL: 1}
"""At most this many indicators are named for each verdict: the council has two sentences, the tiles have the rest."""


@dataclass(frozen=True, slots=True)
class _Words:
    verdicts: Mapping[Verdict, str]
    interval: str
    nothing: str
    streets: str
    places: str


@dataclass(frozen=True, slots=True)
class Places:
    """On ``count`` of ``total`` features a field changes clearly; without ``title`` they are streets with traffic."""

    count: int
    total: int
    title: Mapping[str, str] = field(default_factory=dict)


_LANGUAGES: Mapping[str, _Words] = {
    "it": _Words(
        verdicts={
            Verdict.LIKELY_BETTER: "probabilmente meglio",
            Verdict.LIKELY_WORSE: "probabilmente peggio",
            Verdict.LIKELY_HIGHER: "probabilmente più alto",
            Verdict.LIKELY_LOWER: "probabilmente più basso",
            Verdict.NO_CLEAR_CHANGE: "nessun cambiamento chiaro",
        },
        interval="intervallo al {level} %: da {low} a {high}",
        nothing="Nessun cambiamento chiaro rispetto al confronto.",
        streets="Il traffico cambia in modo chiaro su {count} tratti stradali su {total}.",
        places="{title}: cambia in modo chiaro in {count} luoghi su {total}.",
    ),
    "de": _Words(
        verdicts={
            Verdict.LIKELY_BETTER: "wahrscheinlich besser",
            Verdict.LIKELY_WORSE: "wahrscheinlich schlechter",
            Verdict.LIKELY_HIGHER: "wahrscheinlich höher",
            Verdict.LIKELY_LOWER: "wahrscheinlich niedriger",
            Verdict.NO_CLEAR_CHANGE: "keine klare Änderung",
        },
        interval="{level}-%-Intervall: {low} bis {high}",
        nothing="Keine klare Änderung gegenüber dem Vergleichsfall.",
        streets="Auf {count} von {total} Straßenabschnitten ändert sich der Verkehr klar.",
        places="{title}: ändert sich klar an {count} von {total} Orten.",
    ),
    "en": _Words(
        verdicts={verdict: str(verdict) for verdict in Verdict},
        interval="{level} % interval: {low} to {high}",
        nothing="No clear change from the comparison case.",
        streets="Traffic clearly changes on {count} of {total} street segments.",
        places="{title}: clearly changes in {count} of {total} places.",
    ),
}

_ORDER = (
    Verdict.LIKELY_BETTER,
    Verdict.LIKELY_WORSE,
    Verdict.LIKELY_HIGHER,
    Verdict.LIKELY_LOWER,
    Verdict.NO_CLEAR_CHANGE,
)


def describe(changes: Sequence[IndicatorChange], *, places: Places | None = None) -> Mapping[str, str]:
    """The plain-language verdict by language; ``places``: on how many features the field that matters changes."""
    return {language: _describe(changes, places, language) for language in _LANGUAGES}


def summarised(warnings: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """The members' warnings without repetition: those that differ only in a number become one, with the range.

    ``warnings`` holds each member's; the number of members concerned is added where they are not all alone.
    """
    members = [tuple(found) for found in warnings]
    groups: dict[str, list[str]] = {}
    for warning in chain.from_iterable(members):
        groups.setdefault(_NUMBER.sub("#", warning), []).append(warning)
    return tuple(_merged(found, len(members)) for found in groups.values())


_NUMBER = re.compile(r"(?<![\w.])\d+(?![\w.]*\w)")


def _merged(warnings: Sequence[str], members: int) -> str:
    """One text for warnings of the same pattern, e.g. ``"45–385 vehicles … (in 8 of 8 members)"``."""
    columns = [[int(number) for number in _NUMBER.findall(warning)] for warning in warnings]
    ranges = iter([(min(column), max(column)) for column in zip(*columns, strict=True)])
    text = _NUMBER.sub(lambda _: _span(*next(ranges)), warnings[0])
    return f"{text} (in {len(warnings)} of {members} members)"


def _span(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}–{high}"


def _describe(changes: Sequence[IndicatorChange], places: Places | None, language: str) -> str:
    words = _LANGUAGES[language]
    parts = [part for verdict in _ORDER if (part := _part(changes, verdict, words, language))]
    if all(change.verdict is Verdict.NO_CLEAR_CHANGE for change in changes):
        parts = []
    sentences = [_sentence("; ".join(parts)) if parts else words.nothing]
    if places is not None and places.count:
        title = places.title.get(language) or places.title.get("en", "")
        form = words.places if title else words.streets
        sentences.append(form.format(title=title, count=places.count, total=places.total))
    return " ".join(sentences)


def _part(changes: Sequence[IndicatorChange], verdict: Verdict, words: _Words, language: str) -> str:
    """``"likely better: NOx -4.0 % (90 % interval: -6.0 to -2.0)"``; empty where nothing has this verdict."""
    alike = [change for change in changes if change.verdict is verdict and _worth_a_word(change)]
    found = alike[: NAMED[alike[0].spec.direction]] if alike else []
    if verdict is Verdict.NO_CLEAR_CHANGE:
        named = [_name(change, language) for change in found]
    else:
        named = [f"{_name(change, language)} {_size(change, words, language)}" for change in found]
    return f"{words.verdicts[verdict]}: {', '.join(named)}" if named else ""


def _worth_a_word(change: IndicatorChange) -> bool:
    """Figures that say neither good nor bad are only named where they change."""
    return change.verdict is not Verdict.NO_CLEAR_CHANGE or change.spec.direction is not Direction.NEUTRAL


def _size(change: IndicatorChange, words: _Words, language: str) -> str:
    shown: Estimate = change.percent or change.change
    decimals = PERCENT_DECIMALS if change.percent else change.spec.decimals
    value, low, high = (
        _signed(number, decimals, language)
        for number in (shown.value, shown.interval.low, shown.interval.high)
    )
    level = round(shown.interval.level * 100)
    in_points = change.percent is None and shown.unit == "%"
    unit = unit_in_words("pp" if in_points else shown.unit, language)
    return f"{value} {unit}".strip() + f" ({words.interval.format(level=level, low=low, high=high)})"


def _signed(value: float, decimals: int, language: str) -> str:
    """A change as it is written in this language: thousands in groups, a true minus sign."""
    return as_written(f"{value:+,.{decimals}f}", language)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _name(change: IndicatorChange, language: str) -> str:
    title = change.spec.title
    return title.get(language) or title.get("en") or change.spec.name
