"""What policies are about: datasets, by the names that policies call them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

DATASETS = "urn:sympolis:datasets"
"""The collection of all datasets of a twin: a policy about it is about each of them."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A dataset: ``types`` are those of its entities (expanded), ``members_of`` the collections that it is part of."""

    id: str
    types: frozenset[str]
    member_of: frozenset[str] = frozenset({DATASETS})

    @property
    def iri(self) -> str:
        """``urn:sympolis:dataset:ID``."""
        return dataset_iri(self.id)


def dataset_iri(dataset: str) -> str:
    """What policies call a dataset."""
    return f"urn:sympolis:dataset:{quote(dataset, safe='-._~')}"
