"""On which terms each thing of the catalogue may be had: the offers that follow from policies, release and licence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sympolis.governance.catalogue.model import Offer
from sympolis.governance.policy.assets import AssetKind, asset_iri
from sympolis.governance.policy.reading import read_policy
from sympolis.governance.policy.wording import LANGUAGES, describe_policy


@dataclass(frozen=True, slots=True)
class Terms:
    """See the module; both are by what policies call things.

    ``documents``: offers without an identifier (``policy.offers``); ``restricted``: what policies speak of.
    """

    documents: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    restricted: frozenset[str] = frozenset()

    def offers(self, kind: AssetKind, name: str, page: str) -> tuple[Offer, ...]:
        """The offers of one thing, named after its ``page``."""
        found = self.documents.get(asset_iri(kind, name), ())
        return tuple(_offer(f"{page}#offer-{number}", one) for number, one in enumerate(found, start=1))

    def restricts(self, kind: AssetKind, name: str) -> bool:
        """Whether policies say who may use it."""
        return asset_iri(kind, name) in self.restricted


NO_TERMS: Final = Terms()


def _offer(iri: str, document: Mapping[str, Any]) -> Offer:
    policy = read_policy({**document, "uid": iri}, where=iri)
    told = [describe_policy(policy, language) for language in LANGUAGES]
    words = tuple(dict(zip(LANGUAGES, texts, strict=True)) for texts in zip(*told, strict=True))
    return Offer(iri=iri, document={**document, "uid": iri}, words=words)
