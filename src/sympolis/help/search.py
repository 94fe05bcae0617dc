"""Finds the passages that answer a question: a small model that is made of the documentation itself, on this machine.

Two rankings are joined. Okapi BM25 (Robertson & Zaragoza 2009, doi:10.1561/1500000019) counts the words that question
and passage share; latent semantic analysis (Deerwester et al. 1990) also finds what is said in other words that stand
in the same company: TF-IDF, the strongest axes by a randomised decomposition (Halko et al. 2011,
doi:10.1137/090771806), cosine. Ranks are joined by reciprocal rank fusion (Cormack et al. 2009,
doi:10.1145/1571941.1572114). Words stand for themselves and for their first six letters, which does for inflection in
all three languages; questions in Italian and German reach the English pages by the table ``words.toml`` and by the
names of pages. numpy alone is needed; the same pages give the same answers.
"""

from __future__ import annotations

import math
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from sympolis.help.passages import Passage
from sympolis.help.routing import plain, words_of

MOST_LETTERS: Final = 500
_STEM: Final = 6
_TITLE, _HEADING, _NAMES, _ASKED = 4, 3, 3, 2
"""A word in a title counts as so many in the text."""
_K1, _B = 1.2, 0.6
_AXES: Final = 96
_MOST_TERMS: Final = 6_000
_FUSED: Final = 20
"""The constant of the fusion; the larger, the less the first ranks stand out."""
_CONSIDERED: Final = 60
_ROUNDING: Final = 1e-12
_FAINT: Final = 0.25
"""A cosine below which two texts have nothing to do with each other here."""
_JOINED: Final = 5
_LESS: Final[Mapping[str, float]] = {"decisions": 0.75, "": 0.8}
"""Why something was decided, and what is elsewhere, answer less often than how something is done."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage and how well it fits; only comparable within one answer."""

    passage: Passage
    score: float


class Index:
    """See the module. Making one takes about a second; it does not change."""

    def __init__(self, passages: Iterable[Passage]) -> None:
        self.passages = tuple(passages)
        counted = [_counted(one) for one in self.passages]
        self._lengths = [sum(one.values()) for one in counted]
        self._mean = sum(self._lengths) / max(1, len(counted))
        self._postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for at, one in enumerate(counted):
            for term, count in one.items():
                self._postings[term].append((at, count))
        self._axes = _Axes(self._postings, len(counted))

    def find(self, question: str, *, limit: int = 10) -> list[Hit]:
        """The best passages, one for each page, best first."""
        asked = asked_for(question[:MOST_LETTERS])
        rankings = (self._by_words(asked), self._axes.ranked(asked))
        joined: dict[int, float] = defaultdict(float)
        for ranking in rankings:
            for rank, at in enumerate(ranking[:_CONSIDERED]):
                joined[at] += self._weight(at) / (_FUSED + rank)
        best = sorted(joined, key=lambda at: (-joined[at], at))
        return self._one_each([Hit(self.passages[at], round(joined[at], 5)) for at in best])[:limit]

    def _weight(self, at: int) -> float:
        return _LESS.get(self.passages[at].page.partition("/")[0], 1.0)

    def _by_words(self, asked: Mapping[str, float]) -> list[int]:
        """Passages by BM25; those that share no word are not among them."""
        scores: dict[int, float] = defaultdict(float)
        for term, weight in asked.items():
            found = self._postings.get(term, ())
            rare = weight * math.log(1 + (len(self.passages) - len(found) + 0.5) / (len(found) + 0.5))
            for at, count in found:
                long = 1 - _B + _B * self._lengths[at] / self._mean
                scores[at] += rare * count * (_K1 + 1) / (count + _K1 * long)
        return sorted(scores, key=lambda at: (-scores[at] * self._weight(at), at))

    @staticmethod
    def _one_each(hits: Sequence[Hit]) -> list[Hit]:
        seen: set[str] = set()
        found = []
        for one in hits:
            key = one.passage.page or one.passage.address
            if key == "glossary":
                key = f"glossary#{one.passage.heading}"
            if key not in seen:
                seen.add(key)
                found.append(one)
        return found


class _Axes:
    """The strongest axes of the passages' TF-IDF; a question is laid along them, too."""

    def __init__(self, postings: Mapping[str, Sequence[tuple[int, int]]], count: int) -> None:
        import numpy as np

        shared = [term for term, found in postings.items() if len(found) > 1]
        shared.sort(key=lambda term: (-len(postings[term]), term))
        self._terms = {term: at for at, term in enumerate(shared[:_MOST_TERMS])}
        self._rarity = np.array([math.log(1 + count / len(postings[term])) for term in self._terms])
        weights = np.zeros((count, len(self._terms)), dtype=np.float32)
        for term, column in self._terms.items():
            rows, counts = zip(*postings[term], strict=True)
            weights[rows, column] = (1 + np.log(counts)) * self._rarity[column]
        _to_unit(weights)
        self._directions = _strongest(weights, min(_AXES, *weights.shape)) if weights.size else None
        if self._directions is not None:
            self._placed = weights @ self._directions
            _to_unit(self._placed)

    def ranked(self, asked: Mapping[str, float]) -> list[int]:
        """Passages by cosine; those that are far off are not among them."""
        import numpy as np

        known = [(self._terms[term], weight) for term, weight in asked.items() if term in self._terms]
        if self._directions is None or not known:
            return []
        question = np.zeros((1, len(self._terms)), dtype=np.float32)
        for column, weight in known:
            question[0, column] = weight * self._rarity[column]
        placed = question @ self._directions
        _to_unit(placed)
        cosines = (self._placed @ placed[0]).tolist()
        near = [at for at, cosine in enumerate(cosines) if cosine > _FAINT]
        return sorted(near, key=lambda at: (-cosines[at], at))


def _to_unit(rows: Any) -> None:
    import numpy as np

    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    rows /= np.where(lengths > 0, lengths, 1)


def _strongest(matrix: Any, axes: int) -> Any:
    """Columns that span the strongest axes, which is all that cosines need: a randomised range finder, three rounds."""
    import numpy as np

    found = np.random.default_rng(0).standard_normal((matrix.shape[1], axes)).astype(np.float32)
    for _ in range(3):
        found = _upright(matrix.T @ (matrix @ found))
    return found


def _upright(columns: Any) -> Any:
    """The same span with columns of length one at right angles.

    By the small matrix of their products, twice: a tenth of the time of a QR decomposition, which waits for two cores.
    Directions too weak to be told from rounding are left out.
    """
    import numpy as np

    upright = columns.astype(np.float64)
    for _ in range(2):
        strengths, turned = np.linalg.eigh(upright.T @ upright)
        kept = strengths > _ROUNDING * strengths[-1]
        upright = upright @ (turned[:, kept] / np.sqrt(strengths[kept]))
    return upright.astype(np.float32)


def asked_for(question: str) -> Mapping[str, float]:
    """The terms of a question with their weights; words of other languages stand for English ones."""
    found: dict[str, float] = {}
    for word in words_of(question):
        if word in _stopwords():
            continue
        for term in (word, word[:_STEM] + "*"):
            found[term] = 1.0
        for other in _translated(word):
            for term in (other, other[:_STEM] + "*"):
                found.setdefault(term, 0.8)
    return found


def _translated(word: str) -> Iterable[str]:
    return [
        one
        for beginning, meant in _dictionary()
        if word.startswith(beginning) or (len(beginning) > _JOINED and beginning in word)
        for one in meant
    ]


@cache
def _dictionary() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Beginnings of Italian and German words with the English words that pages use for them."""
    table = tomllib.loads(files(__package__).joinpath("words.toml").read_text("utf-8"))["terms"]
    return tuple(
        (beginning, tuple(words_of(english)))
        for english, others in table.items()
        for beginning in words_of(others)
    )


@cache
def _stopwords() -> frozenset[str]:
    table = tomllib.loads(files(__package__).joinpath("words.toml").read_text("utf-8"))["stopwords"]
    return frozenset(word for line in table.values() for word in words_of(line))


def _counted(one: Passage) -> Counter[str]:
    """The terms of a passage; titles count for more."""
    counted: Counter[str] = Counter()
    weighed = (
        (one.text, 1),
        (one.title, _TITLE),
        (one.heading, _HEADING),
        (" ".join(one.names.values()), _NAMES),
        (one.asked, _ASKED),
    )
    for text, weight in weighed:
        for word in words_of(text):
            if word in _stopwords():
                continue
            counted[word] += weight
            counted[word[:_STEM] + "*"] += weight
    return counted


__all__ = ["Hit", "Index", "asked_for", "plain"]
