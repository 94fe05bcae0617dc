"""Deliverables PD1 to PD5 and the report, drafted from evidence as accounts that people go on writing in.

Nothing is invented: where evidence ends, a sentence says what is to be completed, and by whom.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sympolis.assessment import mims
from sympolis.assessment.calls.consortium import Consortium
from sympolis.assessment.documents.wording import Words
from sympolis.assessment.evidence import Facts, Finding, examine
from sympolis.assessment.indicators import measured
from sympolis.assessment.questionnaire.scoring import Assessed, Basis, Scored
from sympolis.assessment.records import Moment, Snapshot
from sympolis.assessment.register import register
from sympolis.decision.printing import Account, Heading, Items, Table, Text
from sympolis.decision.printing.blocks import Block
from sympolis.domain import errors

PROTECTION: Final = (
    "identity-required",
    "rights-on-operations",
    "actions-logged",
    "transport-encrypted",
    "policies-kept",
    "release-staged",
    "subjects-answered",
    "people-protected",
    "datasets-expire",
)
EXCHANGE: Final = (
    "identity-verifiable",
    "contracts-negotiable",
    "partners-known",
    "agreements-made",
    "policies-everywhere",
)
CHANNELS: Final = (
    "interface-in-languages",
    "interface-accessible",
    "feedback-taken",
    "people-notified",
    "datasets-catalogued",
    "guides-published",
    "source-open",
)


@dataclass(frozen=True, slots=True)
class Material:
    """All that a document may be drafted from; without a consortium its parts are gaps."""

    facts: Facts
    assessed: Assessed
    planned: Mapping[str, str]
    tasks: Sequence[Mapping[str, Any]]
    snapshots: Sequence[Snapshot] = ()
    consortium: Consortium | None = None
    coverage: Mapping[str, Any] | None = None
    indicators: Sequence[Mapping[str, Any]] | None = None
    """As the desk tells them; None: only what the twin counts of itself."""


class _Draft:
    """One document being drafted in one language."""

    def __init__(self, material: Material, words: Words) -> None:
        self.material = material
        self.words = words
        self.findings = examine(material.facts)

    def gap(self, name: str, who: str = "") -> Text:
        """What is to be completed, and by whom."""
        return Text(self.words("gap", who=who or self.material.facts.operator, what=self.words(name)))

    def shown(self, checks: Sequence[str]) -> list[Block]:
        """Findings with their links; those not met as gaps."""
        found = [self.findings[name] for name in checks]
        held = [self._claim(one) for one in found if one.met]
        gaps = [Text(self._open(one)) for one in found if not one.met]
        return [Items(held or [self.words("none")]), *gaps]

    def _claim(self, one: Finding) -> str:
        return f"{self.words.of(one.text)} [{', '.join(one.links)}]"

    def _open(self, one: Finding) -> str:
        what = f"{self.words.of(one.text)} {self.words.of(one.todo)}"
        return self.words("gap", who=self.material.facts.operator, what=what)


Section = Callable[[_Draft], list[Block]]


def _datasets(draft: _Draft) -> list[Block]:
    words, rows = draft.words, []
    for one in draft.material.facts.datasets:
        flags = [words.yes(one.expires), words.yes(one.protects_people)]
        rows.append([words.of(one.title), one.owner, one.licence, one.data_model or "–", *flags])
    titles = [words(name) for name in ("dataset", "owner", "licence", "model", "kept", "persons")]
    return (
        [Heading(words("datasets")), Table(titles, rows)]
        if rows
        else [Heading(words("datasets")), Text(words("none"))]
    )


def _protection(draft: _Draft) -> list[Block]:
    return [Heading(draft.words("protection")), *draft.shown(PROTECTION)]


def _ai(draft: _Draft) -> list[Block]:
    words, found = draft.words, register(draft.material.facts)
    rows = [
        [
            f"{words.of(one['title']) or one['id']} {one['version']}",
            one.get("risk") or "–",
            words.of(one.get("oversight", {})) or "–",
            ", ".join(one["components"]) or "–",
        ]
        for one in [*found["systems"], *found["simulations"]]
    ]
    titles = [words(name) for name in ("ai", "risk", "oversight", "components")]
    gaps = [
        Text(words("gap", who=one["owner"] or draft.material.facts.operator, what=words.of(lack)))
        for one in found["systems"]
        for lack in one["missing"]
    ]
    return [Heading(words("ai")), Table(titles, rows) if rows else Text(words("none")), *gaps]


def _ethics(draft: _Draft) -> list[Block]:
    return [Heading(draft.words("ethics")), draft.gap("ethics_gap")]


def _score(draft: _Draft) -> list[Block]:
    words, assessed = draft.words, draft.material.assessed
    form = assessed.questionnaire
    average = words(
        "average",
        average=words.number(assessed.average, ".2f"),
        target=f"{form.target:g}",
        band=words.of(form.band(assessed.average).title),
    )
    areas = [
        [words.of(form.areas[area]), words.number(mean, ".2f")] for area, mean in assessed.areas().items()
    ]
    rows = [_question(draft, one) for one in assessed.scores]
    return [
        Heading(words("score")),
        Text(average),
        Table([words("basis"), words("score")], areas, numbers=frozenset({1})),
        Table(["", words("question"), words("score"), words("basis")], rows, numbers=frozenset({2})),
    ]


def _question(draft: _Draft, one: Scored) -> list[str]:
    words = draft.words
    score = words("not applicable") if one.score is None else str(one.score)
    return [one.question.id, words.of(one.question.text), score, _basis(words, one)]


def _basis(words: Words, one: Scored) -> str:
    if one.answer is not None:
        return f"{words('answer')}: {one.answer.reason} ({one.answer.by or '–'}, {one.answer.at[:10]})"
    if one.basis is Basis.NONE:
        return words("unanswered")
    return f"{words('evidence')}: " + (" ".join(words.of(found.text) for found in one.held) or "–")


def _mims(draft: _Draft) -> list[Block]:
    words = draft.words
    rows = [
        [
            one.id,
            words.of(one.title),
            _level(words, mims.level(one, draft.findings)),
            _level(words, draft.material.planned.get(one.id, "")),
        ]
        for one in mims.mechanisms()
    ]
    return [Heading(words("mims")), Table(["MIM", "", words("level"), words("planned")], rows)]


def _level(words: Words, level: str) -> str:
    return "–" if not level else words("none_level" if level == "none" else level)


def _worklist(draft: _Draft) -> list[Block]:
    words = draft.words
    rows = [[words.of(one["what"]), one["who"], one["due"] or "–"] for one in draft.material.tasks]
    found: Block = Table([words("task"), words("who"), words("due")], rows) if rows else Text(words("none"))
    return [Heading(words("worklist")), found]


def _consortium(draft: _Draft) -> list[Block]:
    words, found = draft.words, draft.material.consortium
    if found is None:
        return [Heading(words("consortium")), draft.gap("partner_gap")]
    rows = [[one.name, one.country, one.role or one.kind] for one in found.partners]
    parts: list[Block] = [Heading(words("consortium")), Text(found.title)]
    if found.summary:
        parts.append(Text(found.summary))
    return [*parts, Table([words("partner"), words("country"), words("role")], rows)]


def _services(draft: _Draft) -> list[Block]:
    words, facts = draft.words, draft.material.facts
    rows = [[words.of(one.title), words.yes(one.runs_here), ", ".join(one.models)] for one in facts.services]
    titles = [words("services"), words("runs"), words("ai")]
    return [Heading(words("services")), Table(titles, rows) if rows else Text(words("none"))]


def _decision(draft: _Draft) -> list[Block]:
    return [Heading(draft.words("decision")), draft.gap("decision_gap")]


def _interfaces(draft: _Draft) -> list[Block]:
    words = draft.words
    rows = [[words.of(one.title), one.path, one.standard] for one in draft.material.facts.interfaces]
    table = Table([words("interfaces"), "", words("standard")], rows)
    return [Heading(words("interfaces")), table, Text(words("diagrams"))]


def _coverage(draft: _Draft) -> list[Block]:
    words, found = draft.words, draft.material.coverage
    if found is None:
        return []
    rows = [
        [one["id"], words.of(one["title"]), words.yes(one["met"]), _proof(one)]
        for one in found["requirements"]
    ]
    heading = words("coverage", strand=found["strand"], met=found["met"], of=found["of"])
    return [Heading(heading), Table(["", words("requirement"), words("met"), words("proof")], rows)]


def _proof(one: Mapping[str, Any]) -> str:
    if one["statement"] is not None:
        return " ".join(filter(None, (one["statement"]["note"], one["statement"]["link"])))
    return ", ".join(one["twins"]) or "–"


def _steering(draft: _Draft) -> list[Block]:
    return [Heading(draft.words("steering")), draft.gap("steering_gap")]


def _owners(draft: _Draft) -> list[Block]:
    words = draft.words
    owned: dict[str, list[str]] = {}
    for one in draft.material.facts.datasets:
        owned.setdefault(one.owner, []).append(words.of(one.title))
    rows = [[owner, ", ".join(titles)] for owner, titles in sorted(owned.items())]
    table: Block = Table([words("owner"), words("datasets")], rows) if rows else Text(words("none"))
    return [Heading(words("owners")), table]


def _exchange(draft: _Draft) -> list[Block]:
    return [Heading(draft.words("exchange")), *draft.shown(EXCHANGE)]


def _channels(draft: _Draft) -> list[Block]:
    return [Heading(draft.words("channels")), *draft.shown(CHANNELS), draft.gap("channels_gap")]


def _after(draft: _Draft) -> list[Block]:
    return [Heading(draft.words("after")), draft.gap("after_gap")]


def _indicators(draft: _Draft) -> list[Block]:
    words = draft.words
    first = next((one for one in draft.material.snapshots if one.moment is Moment.BASELINE), None)
    before = {} if first is None else first.indicators
    rows = [
        [
            one["id"],
            words.of(one["title"]),
            words.number(before.get(one["id"])),
            words.number(one["value"]),
            words.number(one["target"]),
        ]
        for one in _reported(draft.material)
    ]
    titles = ["", words("indicator"), words("baseline"), words("value"), words("target")]
    return [Heading(words("indicators")), Table(titles, rows, numbers=frozenset({2, 3, 4}))]


def _reported(material: Material) -> list[Mapping[str, Any]]:
    """The framework's indicators, and of the other catalogues those that have a value: a report is no list of gaps."""
    found = measured(material.facts) if material.indicators is None else material.indicators
    return [one for one in found if one["catalogue"] == FRAMEWORK or one["value"] is not None]


def _spent(draft: _Draft) -> list[Block]:
    return [Heading(draft.words("spent")), draft.gap("spent_gap")]


FRAMEWORK: Final = "ldt4ssc"
DELIVERABLES: Final[Mapping[str, tuple[Section, ...]]] = {
    "PD1": (_datasets, _protection, _ai, _ethics),
    "PD2": (_score, _mims, _worklist),
    "PD3": (_consortium, _decision, _services, _interfaces, _mims, _coverage),
    "PD4": (_consortium, _steering, _owners, _protection, _exchange),
    "PD5": (_channels, _after),
    "report": (_consortium, _indicators, _score, _spent, _worklist),
}


def draft(deliverable: str, material: Material, language: str) -> Account:
    """The document. Raises ``NotFound`` for one that there is not, ``BadRequestData`` for a language likewise."""
    if deliverable not in DELIVERABLES:
        raise errors.NotFound(
            f"there is no document {deliverable[:20]}", where="deliverable", hint=", ".join(DELIVERABLES)
        )
    words, facts = Words(language), material.facts
    drafted = Text(words("drafted", city=words.of(facts.title), day=f"{facts.at:%Y-%m-%d}"), quiet=True)
    work = _Draft(material, words)
    blocks = [block for section in DELIVERABLES[deliverable] for block in section(work)]
    name = deliverable if deliverable.startswith("PD") else ""
    title = " ".join(filter(None, (name, words(deliverable))))
    foot = f"{title} · {words.of(facts.title)} · {facts.at:%Y-%m-%d}"
    return Account(title=title, language=language, blocks=[drafted, *blocks], foot=foot)
