"""Whether a consortium keeps the rules of its call: every rule judged, every violation named with who and how much.

Amounts are EUR. Eligible costs are direct costs and, on them, the call's flat share for indirect costs; a grant covers
at most what co-funding leaves of them, for each party.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any, Final

from sympolis.assessment.calls.consortium import Consortium, CostLine, Partner
from sympolis.assessment.calls.rules import Call
from sympolis.domain.reading import Texts

_NOBODY: Final[Texts] = {"it": "nessuno", "de": "keine", "en": "none"}
_CENT: Final = 0.005
"""Two amounts closer than that are the same: sums of cents in binary."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule's outcome: ``text`` says what was found, ``about`` who or what breaks it."""

    rule: str
    kept: bool
    text: Texts
    about: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As the API tells it."""
        return {"rule": self.rule, "kept": self.kept, "text": self.text, "about": list(self.about)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule's function found, before it is put in words."""

    kept: bool
    figures: Mapping[str, str | int]
    about: tuple[str, ...] = ()


Rule = Callable[[Consortium, Call], Outcome]
RULES: Final[dict[str, Rule]] = {}


def judge(consortium: Consortium, call: Call) -> list[Verdict]:
    """Every rule over this consortium."""
    return [_verdict(name, rule(consortium, call)) for name, rule in RULES.items()]


def budget(consortium: Consortium, call: Call) -> dict[str, Any]:
    """The budget party by party and in sum."""
    rows = [_party(one, consortium, call) for one in consortium.partners]
    names = ("direct_eur", "indirect_eur", "eligible_eur", "grant_eur", "own_eur")
    return {"parties": rows, "total": {name: round(sum(row[name] for row in rows), 2) for name in names}}


@cache
def sentences() -> Mapping[str, Texts]:
    """What each rule says of a consortium (``words.toml``)."""
    text = resources.files(__package__ or "").joinpath("words.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _verdict(name: str, found: Outcome) -> Verdict:
    who = ", ".join(found.about)
    text = {
        language: words.format(who=who or _NOBODY[language], **found.figures)
        for language, words in sentences()[name].items()
    }
    return Verdict(name, found.kept, text, found.about)


def _rule(name: str) -> Callable[[Rule], Rule]:
    def kept(rule: Rule) -> Rule:
        RULES[name] = rule
        return rule

    return kept


def _least(count: int, needed: int) -> Outcome:
    return Outcome(count >= needed, {"count": count, "of": needed})


def _nobody(about: Iterable[str], **figures: str | int) -> Outcome:
    found = tuple(about)
    return Outcome(not found, figures, found)


def _authorities(consortium: Consortium, call: Call) -> list[Partner]:
    return [one for one in consortium.partners if one.kind in call.eligibility.authority_kinds]


def _counted(consortium: Consortium, call: Call) -> list[Partner]:
    """The authorities that the minimum needs, one of each country first: the rest may be the further partner."""
    by_country: dict[str, list[Partner]] = {}
    for one in _authorities(consortium, call):
        by_country.setdefault(one.country, []).append(one)
    first = [found[0] for found in by_country.values()]
    rest = [one for found in by_country.values() for one in found[1:]]
    return [*first, *rest][: call.eligibility.authorities]


@_rule("authorities")
def _enough_authorities(consortium: Consortium, call: Call) -> Outcome:
    return _least(len(_authorities(consortium, call)), call.eligibility.authorities)


@_rule("authority-countries")
def _enough_countries(consortium: Consortium, call: Call) -> Outcome:
    countries = {one.country for one in _authorities(consortium, call)} & set(call.eligibility.countries)
    return _least(len(countries), call.eligibility.authority_countries)


@_rule("further-partners")
def _enough_partners(consortium: Consortium, call: Call) -> Outcome:
    counted = {one.id for one in _counted(consortium, call)}
    further = [
        one
        for one in consortium.partners
        if one.id not in counted and one.kind in call.eligibility.further_kinds
    ]
    return _least(len(further), call.eligibility.further_partners)


@_rule("eligible-countries")
def _eligible_countries(consortium: Consortium, call: Call) -> Outcome:
    known = call.eligibility.countries
    return _nobody(f"{one.name} ({one.country})" for one in consortium.partners if one.country not in known)


@_rule("duration")
def _duration(consortium: Consortium, call: Call) -> Outcome:
    low, high = call.eligibility.months_from, call.eligibility.months_until
    months = _months(consortium.start, consortium.end)
    return Outcome(low <= months <= high, {"count": months, "low": low, "high": high})


@_rule("categories")
def _categories(consortium: Consortium, call: Call) -> Outcome:
    known = call.budget.categories
    return _nobody(f"{one.title} ({one.category})" for one in consortium.costs if one.category not in known)


@_rule("amounts")
def _amounts(consortium: Consortium, call: Call) -> Outcome:  # noqa: ARG001
    known = {one.id for one in consortium.partners}
    return _nobody(one.title for one in consortium.costs if one.partner not in known or one.eur <= 0)


@_rule("grant-per-party")
def _grant_per_party(consortium: Consortium, call: Call) -> Outcome:
    limit = call.budget.grant_per_party_eur
    above = (one for one in consortium.partners if one.grant_eur + one.elsewhere_eur > limit + _CENT)
    return _nobody(
        (f"{one.name} ({_eur(one.grant_eur + one.elsewhere_eur)})" for one in above), limit=_eur(limit)
    )


@_rule("grant-per-consortium")
def _grant_per_consortium(consortium: Consortium, call: Call) -> Outcome:
    limit, total = call.budget.grant_per_consortium_eur, sum(one.grant_eur for one in consortium.partners)
    return Outcome(total <= limit + _CENT, {"count": _eur(total), "limit": _eur(limit)})


@_rule("cofunding")
def _cofunding(consortium: Consortium, call: Call) -> Outcome:
    share = call.budget.cofunding_share
    rows = (_party(one, consortium, call) for one in consortium.partners)
    below = (row["name"] for row in rows if row["grant_eur"] > (1 - share) * row["eligible_eur"] + _CENT)
    return _nobody(below, share=f"{100 * share:g}")


@_rule("period")
def _period(consortium: Consortium, call: Call) -> Outcome:  # noqa: ARG001
    return _nobody(one.title for one in consortium.costs if not _inside(one, consortium))


@_rule("actual-costs")
def _actual_costs(consortium: Consortium, call: Call) -> Outcome:  # noqa: ARG001
    return _nobody(f"{one.title} ({one.basis})" for one in consortium.costs if one.basis != "actual")


@_rule("double-funding")
def _double_funding(consortium: Consortium, call: Call) -> Outcome:  # noqa: ARG001
    return _nobody(f"{one.title} ({one.funded_by})" for one in consortium.costs if one.funded_by)


@_rule("answer-lengths")
def _answer_lengths(consortium: Consortium, call: Call) -> Outcome:
    lengths = {
        one.id: (len(consortium.answers.get(one.id, "").strip()), one.characters) for one in call.answers
    }
    return _nobody(
        f"{name} ({length}/{most})" for name, (length, most) in lengths.items() if not 0 < length <= most
    )


@_rule("documents")
def _documents(consortium: Consortium, call: Call) -> Outcome:
    asked = (one for one in call.documents if not one.strands or consortium.strand in one.strands)
    return _nobody(one.id for one in asked if not consortium.documents.get(one.id))


def _party(partner: Partner, consortium: Consortium, call: Call) -> dict[str, Any]:
    direct = consortium.costs_of(partner.id)
    indirect = direct * call.budget.indirect_share
    return {
        "partner": partner.id,
        "name": partner.name,
        "direct_eur": round(direct, 2),
        "indirect_eur": round(indirect, 2),
        "eligible_eur": round(direct + indirect, 2),
        "grant_eur": partner.grant_eur,
        "own_eur": round(direct + indirect - partner.grant_eur, 2),
    }


def _inside(line: CostLine, consortium: Consortium) -> bool:
    begin, end = consortium.start, consortium.end
    return begin is not None and end is not None and begin <= line.begin <= line.end <= end


def _months(start: date | None, end: date | None) -> int:
    """Whole months from the first to the last day; 0 where one is not set."""
    if start is None or end is None or end < start:
        return 0
    following = date.fromordinal(end.toordinal() + 1)
    months = 12 * (following.year - start.year) + following.month - start.month
    return months if following.day >= start.day else months - 1


def _eur(amount: float) -> str:
    return f"{amount:,.0f}".replace(",", "\u202f")
