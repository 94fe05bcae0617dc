"""Finding datasets, interfaces and models: words in any language, and facets with their counts."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from sympolis.governance.catalogue.model import Catalogue, DataService, Dataset, Model

FACETS: Final = ("licence", "status", "stage", "owner", "type", "frequency")
"""Of datasets."""
THING_FACETS: Final = ("kind", "owner", "licence", "access")
"""Of whatever is in the catalogue."""

Thing = Dataset | DataService | Model
T = TypeVar("T", Dataset, Thing)


@dataclass(frozen=True, slots=True)
class Found:
    """The datasets that fit, best first, and how many of them each value of each facet has."""

    datasets: tuple[Dataset, ...]
    facets: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class FoundThings:
    """The things that fit, best first, and how many of them each value of each facet has."""

    things: tuple[Thing, ...]
    facets: Mapping[str, Mapping[str, int]]


def search_all(
    catalogue: Catalogue, words: str = "", *, chosen: Mapping[str, str] | None = None
) -> FoundThings:
    """Everything in the catalogue that has all ``words`` and the ``chosen`` value of each facet."""
    everything: tuple[Thing, ...] = (*catalogue.datasets, *catalogue.services, *catalogue.models)
    ranked = _ranked(everything, words, chosen or {}, thing_facet_of)
    return FoundThings(ranked, {name: _counts(ranked, name, thing_facet_of) for name in THING_FACETS})


def kind_of(thing: Thing) -> str:
    """``dataset``, ``service`` or ``model``."""
    return {Dataset: "dataset", DataService: "service", Model: "model"}[type(thing)]


def owner_of(thing: Thing) -> str:
    """Who answers for it."""
    return thing.publisher.name if isinstance(thing, DataService) else thing.creator.name


def thing_facet_of(thing: Thing, name: str) -> str:
    """A thing's value of one of ``THING_FACETS``; '' where it has none."""
    return {
        "kind": kind_of(thing),
        "owner": owner_of(thing),
        "licence": "" if isinstance(thing, DataService) else thing.licence,
        "access": "restricted" if thing.restricted else "open",
    }[name]


def search(datasets: Iterable[Dataset], words: str = "", *, chosen: Mapping[str, str] | None = None) -> Found:
    """The datasets that have all ``words`` and the ``chosen`` value of each facet."""
    ranked = _ranked(datasets, words, chosen or {}, facet_of)
    return Found(ranked, {name: _counts(ranked, name, facet_of) for name in FACETS})


def _ranked(
    things: Iterable[T], words: str, chosen: Mapping[str, str], facet: Callable[[T, str], str]
) -> tuple[T, ...]:
    wanted = _plain(words).split()
    fitting = [
        (score, one)
        for one in things
        if (score := _score(one, wanted)) is not None
        and all(facet(one, name) == value for name, value in chosen.items())
    ]
    return tuple(one for _, one in sorted(fitting, key=lambda pair: (-pair[0], pair[1].id)))


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


def _counts(things: Sequence[T], name: str, facet: Callable[[T, str], str]) -> Mapping[str, int]:
    found = Counter(value for one in things if (value := facet(one, name)))
    return dict(found.most_common())


def _score(thing: Thing, wanted: Sequence[str]) -> int | None:
    """How well it fits: words in the title count more; None where a word is missing."""
    title = _plain(" ".join(thing.title.values()))
    rest = _plain(" ".join((*thing.description.values(), *_keywords(thing), owner_of(thing), thing.id)))
    scores = [3 if word in title else 1 if word in rest else 0 for word in wanted]
    return None if 0 in scores else sum(scores)


def _keywords(thing: Thing) -> Iterator[str]:
    if isinstance(thing, Dataset):
        yield from thing.keywords
    elif isinstance(thing, Model):
        yield from (need.type for need in thing.needs)
        for title in thing.gives:
            yield from title.values()


def _plain(text: str) -> str:
    """Lower case without accents: ``città`` is found as ``citta``."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in folded if not unicodedata.combining(letter))
