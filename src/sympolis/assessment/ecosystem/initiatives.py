"""Networks and support programmes of Europe's smart communities, and which of them helps with what this twin lacks.

Both the initiatives and the rules by which a gap is seen are data (``initiatives.toml``, ``gaps.toml``).
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

import msgspec

from sympolis.assessment.ecosystem.actors import TWIN, name_of
from sympolis.assessment.ecosystem.climate import is_covered
from sympolis.assessment.ecosystem.hints import Hint
from sympolis.assessment.ecosystem.model import (
    Actor,
    ActorKind,
    Flow,
    FlowKind,
    Helix,
    Layer,
    Origin,
    Role,
    State,
    Texts,
)
from sympolis.assessment.ecosystem.seen import Seen
from sympolis.assessment.ecosystem.wording import filled
from sympolis.assessment.evidence import Finding


class Initiative(msgspec.Struct, frozen=True, kw_only=True):
    """One network or programme; ``assets`` are pairs of title and address."""

    id: str
    name: str
    cluster: str
    web: str
    contact: str = ""
    helix: Helix
    helps: tuple[str, ...]
    gives: Texts
    assets: tuple[tuple[str, str], ...] = ()


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Something a twin may lack; see ``gaps.toml``."""

    id: str
    title: Texts
    checks: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()


class Register(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of ``initiatives.toml``."""

    source: str
    initiatives: tuple[Initiative, ...]


@dataclass(frozen=True, slots=True)
class OpenGap:
    """A gap of this twin, and what it is seen by; ``closed_by`` names who said that it is none, and why."""

    gap: Gap
    reasons: tuple[Texts, ...]
    links: tuple[str, ...]
    closed_by: str = ""
    note: str = ""


_FACTS: Final[Mapping[str, Callable[[Seen], bool]]] = {
    "climate-plan": lambda seen: seen.climate_plan,
    "climate-indicators": is_covered,
    "simpl": lambda seen: seen.simpl,
    "scenes": lambda seen: any(one.entity_type.startswith("Building") for one in seen.sources),
}


@cache
def register() -> Register:
    """The initiatives as they are shipped."""
    return msgspec.convert(_table("initiatives.toml"), Register)


@cache
def gaps() -> tuple[Gap, ...]:
    """Every gap that there are rules for."""
    return msgspec.convert(_table("gaps.toml")["gaps"], tuple[Gap, ...])


def _table(name: str) -> dict[str, Any]:
    text = resources.files(__package__ or "").joinpath(name).read_text(encoding="utf-8")
    return tomllib.loads(text)


def open_gaps(seen: Seen, findings: Mapping[str, Finding], given: Sequence[Hint]) -> list[OpenGap]:
    """What this twin lacks, with what that is seen by."""
    found = []
    for gap in gaps():
        unmet = [findings[name] for name in gap.checks if not findings[name].met]
        told = [one for one in given if _speaks_of(one, gap.hints)]
        absent = [name for name in gap.facts if not _FACTS[name](seen)]
        if unmet or told or absent:
            reasons = (*(one.text for one in unmet), *(one.text for one in told))
            links = tuple(dict.fromkeys(link for one in unmet for link in one.links))
            found.append(OpenGap(gap, tuple(dict(one) for one in reasons), links))
    return found


def _speaks_of(hint: Hint, names: Sequence[str]) -> bool:
    return hint.name in names or hint.id in names


def matched(found: Sequence[OpenGap]) -> list[dict[str, Any]]:
    """Every initiative with the open gaps it helps with; those that help with most first."""
    still = {one.gap.id: one for one in found if not one.closed_by}
    rows = [_row(one, still) for one in register().initiatives]
    return sorted(rows, key=lambda row: (-len(row["helps"]), row["name"]))


def _row(one: Initiative, still: Mapping[str, OpenGap]) -> dict[str, Any]:
    helps = [
        {"gap": name, "title": still[name].gap.title, "reasons": list(still[name].reasons)}
        for name in one.helps
        if name in still
    ]
    return {
        "id": one.id,
        "name": one.name,
        "cluster": one.cluster,
        "web": one.web,
        "contact": one.contact,
        "helix": one.helix,
        "roles": [Role.SUPPORTER],
        "gives": one.gives,
        "assets": [{"title": title, "url": url} for title, url in one.assets],
        "helps": helps,
    }


def drawn(found: Sequence[OpenGap]) -> tuple[tuple[Actor, ...], tuple[Flow, ...]]:
    """All initiatives as actors; those that help with an open gap have a suggested flow to the twin, named after it."""
    still = {one.gap.id: one for one in found if not one.closed_by}
    actors = tuple(_actor(one) for one in register().initiatives)
    flows = tuple(flow for one in register().initiatives if (flow := _flow(one, still)))
    return actors, flows


def _actor(one: Initiative) -> Actor:
    return Actor(
        id=name_of("programme", one.id),
        kind=ActorKind.PROGRAMME,
        layer=Layer.PROGRAMMES,
        name={"": one.name},
        roles=(Role.SUPPORTER,),
        helix=one.helix,
        origin=Origin.REGISTER,
        description=one.gives,
        links=(one.web, *(url for _, url in one.assets)),
    )


def _flow(one: Initiative, still: Mapping[str, OpenGap]) -> Flow | None:
    helps = [still[name].gap for name in one.helps if name in still]
    if not helps:
        return None
    what = {language: "; ".join(gap.title[language] for gap in helps) for language in ("it", "de", "en")}
    return Flow(
        id=f"{FlowKind.KNOWLEDGE}.{name_of('programme', one.id)}.{TWIN}",
        kind=FlowKind.KNOWLEDGE,
        source=name_of("programme", one.id),
        target=TWIN,
        title=filled("flows", "supports", what=what),
        items=tuple(gap.id for gap in helps),
        origin=Origin.REGISTER,
        state=State.SUGGESTED,
    )
