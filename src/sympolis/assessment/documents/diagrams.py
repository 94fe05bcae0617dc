"""The four diagrams that the call asks for, drawn from what the twin has: technical and functional, now and then.

Plain SVG with texts, so that it can be edited, printed and read aloud. The future shows what is there and, dashed, what
the worklist and the planned levels add; nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from html import escape
from typing import Final

from sympolis.assessment.documents.wording import Words
from sympolis.assessment.evidence import Facts, Finding, examine

_WIDTH: Final = 1120
_COLUMN: Final = 200
_GAP: Final = 25
_ROW: Final = 34
_TOP: Final = 92
_MOST_ROWS: Final = 14
_LONGEST: Final = 26
_STYLE: Final = """
svg { font-family: system-ui, sans-serif; color-scheme: light dark; }
.ground { fill: light-dark(#ffffff, #14181b); }
text { fill: light-dark(#1b2328, #e6ecef); font-size: 11.5px; }
.title { font-size: 18px; font-weight: 600; }
.head { font-size: 13px; font-weight: 600; }
.small { font-size: 11px; fill: light-dark(#52626b, #9fb0b9); }
rect.part { fill: light-dark(#eef4f5, #1f292e); stroke: light-dark(#0b5c66, #5fb4c0); }
rect.planned { fill: none; stroke-dasharray: 5 4; }
path { fill: none; stroke: light-dark(#0b5c66, #5fb4c0); stroke-width: 1.5; }
"""


class Kind(StrEnum):
    """What a diagram shows."""

    TECHNICAL = "technical"
    FUNCTIONAL = "functional"


class View(StrEnum):
    """Of which time."""

    CURRENT = "current"
    FUTURE = "future"


@dataclass(frozen=True, slots=True)
class _Part:
    text: str
    planned: bool = False


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    parts: Sequence[_Part]


_TITLES: Final = {
    Kind.TECHNICAL: {
        "it": "Architettura tecnica",
        "de": "Technische Architektur",
        "en": "Technical architecture",
    },
    Kind.FUNCTIONAL: {
        "it": "Architettura funzionale",
        "de": "Funktionale Architektur",
        "en": "Functional architecture",
    },
    View.CURRENT: {"it": "oggi", "de": "heute", "en": "current"},
    View.FUTURE: {"it": "in futuro", "de": "künftig", "en": "future"},
    "sources": {"it": "Fonti", "de": "Quellen", "en": "Sources"},
    "knowledge": {"it": "Contesto", "de": "Kontext", "en": "Context"},
    "models": {"it": "Modelli", "de": "Modelle", "en": "Models"},
    "interfaces": {"it": "Interfacce", "de": "Schnittstellen", "en": "Interfaces"},
    "exchange": {"it": "Scambio e protezione", "de": "Austausch und Schutz", "en": "Exchange and protection"},
    "owners": {"it": "Chi dà i dati", "de": "Wer Daten gibt", "en": "Who gives data"},
    "services": {"it": "Domande e servizi", "de": "Fragen und Dienste", "en": "Questions and services"},
    "people": {"it": "Chi ne fa uso", "de": "Wer sie nutzt", "en": "Who uses them"},
    "themes": {"it": "Settori", "de": "Sektoren", "en": "Sectors"},
    "entities": {"it": "{n} entità", "de": "{n} Entitäten", "en": "{n} entities"},
    "observations": {"it": "{n} osservazioni", "de": "{n} Beobachtungen", "en": "{n} observations"},
    "more": {"it": "e altri {n}", "de": "und {n} weitere", "en": "and {n} more"},
    "dashed": {
        "it": "Tratteggiato: previsto, non ancora in funzione.",
        "de": "Gestrichelt: geplant, noch nicht in Betrieb.",
        "en": "Dashed: planned, not yet running.",
    },
}
_TECHNICAL_PARTS: Final = (
    "identity-verifiable",
    "contracts-negotiable",
    "identity-required",
    "actions-logged",
    "transport-encrypted",
    "policies-kept",
)
_PEOPLE: Final = (
    "interface-in-languages",
    "interface-accessible",
    "feedback-taken",
    "people-notified",
    "decisions-recorded",
    "partners-known",
)


def diagram(kind: Kind, view: View, facts: Facts, language: str) -> str:
    """The picture as SVG. Raises ``BadRequestData`` for a language that there is not."""
    words = Words(language)
    build = _technical if kind is Kind.TECHNICAL else _functional
    columns = [_bounded(one, words) for one in build(facts, words, examine(facts))]
    if view is View.CURRENT:
        columns = [_Column(one.title, [it for it in one.parts if not it.planned]) for one in columns]
    title = f"{words.of(_TITLES[kind])}, {words.of(_TITLES[view])}: {words.of(facts.title)}"
    note = words.of(_TITLES["dashed"]) if view is View.FUTURE else ""
    return _drawn(title, columns, f"{note} {facts.at:%Y-%m-%d}".strip(), language)


def _technical(facts: Facts, words: Words, findings: dict[str, Finding]) -> list[_Column]:
    knowledge = [
        _Part(words.of(_TITLES["entities"]).format(n=facts.entities)),
        _Part(words.of(_TITLES["observations"]).format(n=facts.observations)),
        *(_Part(kind) for kind in sorted({one.entity_type for one in facts.datasets})),
    ]
    return [
        _Column(words.of(_TITLES["sources"]), [_Part(words.of(one.title)) for one in facts.datasets]),
        _Column(words.of(_TITLES["knowledge"]), knowledge),
        _Column(words.of(_TITLES["models"]), [_Part(words.of(one.title) or one.id) for one in facts.models]),
        _Column(words.of(_TITLES["interfaces"]), [_Part(words.of(one.title)) for one in facts.interfaces]),
        _Column(words.of(_TITLES["exchange"]), _checked(_TECHNICAL_PARTS, findings, words)),
    ]


def _functional(facts: Facts, words: Words, findings: dict[str, Finding]) -> list[_Column]:
    services = [_Part(words.of(one.title), planned=not one.runs_here) for one in facts.services]
    return [
        _Column(
            words.of(_TITLES["owners"]), [_Part(one) for one in sorted({it.owner for it in facts.datasets})]
        ),
        _Column(
            words.of(_TITLES["themes"]),
            [_Part(one) for one in sorted({theme for it in facts.datasets for theme in it.themes})],
        ),
        _Column(words.of(_TITLES["models"]), [_Part(words.of(one.title) or one.id) for one in facts.models]),
        _Column(words.of(_TITLES["services"]), services),
        _Column(words.of(_TITLES["people"]), _checked(_PEOPLE, findings, words)),
    ]


def _checked(checks: Sequence[str], findings: dict[str, Finding], words: Words) -> list[_Part]:
    """What holds is a part; what does not is a planned one, by its next step."""
    found = [findings[name] for name in checks]
    return [_Part(words.of(one.text if one.met else one.todo), planned=not one.met) for one in found]


def _bounded(column: _Column, words: Words) -> _Column:
    left = len(column.parts) - _MOST_ROWS
    if left <= 0:
        return column
    return _Column(
        column.title, [*column.parts[:_MOST_ROWS], _Part(words.of(_TITLES["more"]).format(n=left))]
    )


def _drawn(title: str, columns: Sequence[_Column], note: str, language: str) -> str:
    rows = max((len(one.parts) for one in columns), default=1)
    height = _TOP + rows * _ROW + 46
    body = "".join(_column(at, one) for at, one in enumerate(columns))
    arrows = "".join(_arrow(at) for at in range(len(columns) - 1))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" lang="{language}" role="img" '
        f'aria-label="{escape(title)}"><title>{escape(title)}</title><style>{_STYLE}</style>'
        f'<rect class="ground" width="{_WIDTH}" height="{height}"/>'
        f'<text class="title" x="15" y="34">{escape(title)}</text>{arrows}{body}'
        f'<text class="small" x="15" y="{height - 16}">{escape(note)}</text></svg>'
    )


def _column(at: int, column: _Column) -> str:
    left = 15 + at * (_COLUMN + _GAP)
    head = f'<text class="head" x="{left}" y="{_TOP - 18}">{escape(column.title)}</text>'
    return head + "".join(_box(left, _TOP + row * _ROW, part) for row, part in enumerate(column.parts))


def _box(left: int, top: int, part: _Part) -> str:
    name = "part planned" if part.planned else "part"
    text = part.text if len(part.text) <= _LONGEST else f"{part.text[: _LONGEST - 1]}…"
    return (
        f'<g><title>{escape(part.text)}</title><rect class="{name}" x="{left}" y="{top}" width="{_COLUMN}" '
        f'height="{_ROW - 8}" rx="5"/><text x="{left + 8}" y="{top + 17}">{escape(text)}</text></g>'
    )


def _arrow(at: int) -> str:
    """From the head of a column to the next: the way of the data."""
    left, right = 15 + at * (_COLUMN + _GAP) + _COLUMN - 30, 15 + (at + 1) * (_COLUMN + _GAP) - 6
    return f'<path d="M{left} {_TOP - 22} H{right} m-7 -4 l7 4 l-7 4"/>'
