"""What policies are about: datasets, interfaces and models, by the names that policies call them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import quote, unquote


class AssetKind(StrEnum):
    """What sort of thing a policy speaks of."""

    DATASET = "dataset"
    SERVICE = "service"
    """An interface of the twin: see ``governance.interfaces``."""
    MODEL = "model"
    """A model that is set up in the city."""


DATASETS: Final = "urn:sympolis:datasets"
"""The collection of all datasets of a twin: a policy about it is about each of them."""
COLLECTIONS: Final = {
    AssetKind.DATASET: DATASETS,
    AssetKind.SERVICE: "urn:sympolis:services",
    AssetKind.MODEL: "urn:sympolis:models",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """Something that a policy can be about. ``types`` (expanded) are those of a dataset's entities."""

    id: str
    types: frozenset[str] = frozenset()
    kind: AssetKind = AssetKind.DATASET

    @property
    def iri(self) -> str:
        """``urn:sympolis:dataset:ID``, ``urn:sympolis:service:ID`` or ``urn:sympolis:model:ID``."""
        return asset_iri(self.kind, self.id)

    @property
    def member_of(self) -> frozenset[str]:
        """The collections that it is part of."""
        return frozenset({COLLECTIONS[self.kind]})


def asset_iri(kind: AssetKind, name: str) -> str:
    """What policies call one thing of a kind."""
    return f"urn:sympolis:{kind}:{quote(name, safe='-._~')}"


def dataset_iri(dataset: str) -> str:
    """What policies call a dataset."""
    return asset_iri(AssetKind.DATASET, dataset)


def asset_of(iri: str) -> Asset | None:
    """What an IRI of ours names; None for any other."""
    for kind in AssetKind:
        prefix = f"urn:sympolis:{kind}:"
        if iri.startswith(prefix):
            return Asset(unquote(iri.removeprefix(prefix)), kind=kind)
    return None
