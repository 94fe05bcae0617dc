"""Finding datasets: words in any language, and facets with their counts."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sympolis.governance.catalogue.model import Dataset

FACETS: Final = ("licence", "status", "stage", "owner", "type", "frequency")


@dataclass(frozen=True, slots=True)
class Found:
    """The datasets that fit, best first, and how many of them each value of each facet has."""

    datasets: tuple[Dataset, ...]
    facets: Mapping[str, Mapping[str, int]]


def search(datasets: Iterable[Dataset], words: str = "", *, chosen: Mapping[str, str] | None = None) -> Found:
    """The datasets that have all ``words`` and the ``chosen`` value of each facet."""
    wanted = _plain(words).split()
    fitting = [
        (score, one)
        for one in datasets
        if (score := _score(one, wanted)) is not None
        and all(facet_of(one, name) == value for name, value in (chosen or {}).items())
    ]
    ranked = tuple(one for _, one in sorted(fitting, key=lambda pair: (-pair[0], pair[1].id)))
    return Found(ranked, {name: _counts(ranked, name) for name in FACETS})


def facet_of(dataset: Dataset, name: str) -> str:
    """The dataset's value of a facet. Raises ``KeyError`` for a name that is not in ``FACETS``."""
    return {
        "licence": dataset.licence,
        "status": dataset.status,
        "stage": dataset.stage.value,
        "owner": dataset.creator.name,
        "type": dataset.entity_type,
        "frequency": dataset.frequency or "UNKNOWN",
    }[name]


def _counts(datasets: Sequence[Dataset], name: str) -> Mapping[str, int]:
    return dict(Counter(facet_of(one, name) for one in datasets).most_common())


def _score(dataset: Dataset, wanted: Sequence[str]) -> int | None:
    """How well it fits: words in the title count more; None where a word is missing."""
    title = _plain(" ".join(dataset.title.values()))
    rest = _plain(
        " ".join((*dataset.description.values(), *dataset.keywords, dataset.creator.name, dataset.id))
    )
    scores = [3 if word in title else 1 if word in rest else 0 for word in wanted]
    return None if 0 in scores else sum(scores)


def _plain(text: str) -> str:
    """Lower case without accents: ``città`` is found as ``citta``."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in folded if not unicodedata.combining(letter))
