"""Everything that a running twin can publish, from one place: what is there already is taken, never typed again."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from sympolis.analysis.learned.bill import said
from sympolis.analysis.learned.card import CARD, EXAMPLES
from sympolis.analysis.learned.life import Stage
from sympolis.city.assets import handed, parts
from sympolis.dataspace.repository.draft import Component, Draft
from sympolis.dataspace.repository.kinds import Kind
from sympolis.domain.archives import write_archive

if TYPE_CHECKING:
    from sympolis.city.assets.declared import Declared
    from sympolis.city.assets.pointing import Pointing
    from sympolis.city.schema import City
    from sympolis.orchestration.learned_desk import LearnedDesk, Version

Texts = Mapping[str, str]
LEARNED: Final = "learned"
"""Member of ``about`` that says that a model's package is one of a learned model."""


class Shop:
    """See the module."""

    def __init__(
        self, city: City, declared: Declared, pointing: Pointing, learned: LearnedDesk | None = None
    ) -> None:
        self._city = city
        self._declared = declared
        self._pointing = pointing
        self._learned = learned

    def listed(self) -> list[dict[str, Any]]:
        """Kind, name and title of everything that can be published."""
        found = [
            *self._declared.listed(),
            *self._pointing.listed(),
            *handed.listed(self._city),
            *self._models(),
        ]
        return [{"kind": str(kind), "name": name, "title": dict(title)} for kind, name, title in found]

    def draft(self, kind: Kind, name: str, *, licence: str = "") -> Draft:
        """The draft of one of them. Raises ``NotFound``."""
        found = self._draft(kind, name)
        chosen = dataclasses.replace(found, licence=licence or found.licence)
        return dataclasses.replace(chosen, readme=chosen.readme or parts.readme(chosen))

    def _draft(self, kind: Kind, name: str) -> Draft:
        if self._declared.has(kind, name):
            return self._declared.draft(kind, name)
        if self._pointing.has(kind, name):
            return self._pointing.draft(kind, name)
        deployed = self._deployed(name) if kind is Kind.MODEL else None
        if deployed is not None:
            return learned_draft(deployed)
        return handed.draft_of_package(self._city, kind, name)

    def _models(self) -> Iterator[tuple[Kind, str, Texts]]:
        for name in self._learned.names() if self._learned is not None else ():
            if (found := self._deployed(name)) is not None:
                yield Kind.MODEL, name, found.card.title

    def _deployed(self, name: str) -> Version | None:
        versions = (
            self._learned.versions(name)
            if self._learned is not None and name in self._learned.names()
            else []
        )
        return next((one for one in reversed(versions) if one.record.stage is Stage.DEPLOYED), None)


def learned_draft(found: Version) -> Draft:
    """A learned model that is deployed here, as it was handed in."""
    card = found.card
    content = {name: (found.folder / name).read_bytes() for name in (CARD, EXAMPLES, card.file)}
    components = [
        Component(name=one.name, version=one.version, licence=one.licence) for one in card.dependencies
    ]
    best = card.metrics[0]
    return Draft(
        kind=Kind.MODEL,
        name=card.name,
        title=dict(card.title),
        description={tag: f"{text} {said(card.intended_use, tag)}" for tag, text in card.description.items()},
        licence=card.licence,
        keywords=("onnx", card.training.method, *card.training.datasets)[:50],
        gives=tuple({"": f"{one.name} {one.unit}".strip()} for one in card.outputs),
        about={
            LEARNED: card.version,
            "risk": str(card.assessment.risk),
            "score": {"name": best.name, "value": best.value, "unit": best.unit, "split": best.split},
        },
        content=content,
        components=(*parts.components(()), *components),
    )


def learned_package(content: Mapping[str, bytes]) -> bytes:
    """The files of a learned model's asset as the package that ``LearnedDesk`` takes."""
    return write_archive(dict(sorted(content.items())))


def is_learned(about: Mapping[str, Any]) -> bool:
    """Whether an asset is a learned model."""
    return isinstance(about.get(LEARNED), str)
