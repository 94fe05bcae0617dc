"""What people speak about, found in their own words: topics with their contributions, never without them.

TF-IDF of words (it, de, en stop words of our own), non-negative matrix factorisation (Lee & Seung 1999, Nature 401:
788-791) by scikit-learn. It needs no network and no model made elsewhere, and gives the same for the same texts. A
topic is a proposal for reading, not a count of opinions: each leads to the contributions that it was made of.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from math import sqrt
from typing import Any, Final

from sympolis.domain import errors

FEWEST: Final = 6
"""Contributions below which nothing is grouped: reading them is quicker."""
MOST_TOPICS: Final = 12
_WORDS: Final = 6
_MOST_TERMS: Final = 4000
_FAINT: Final = 1e-6
_WORD: Final = r"(?u)\b[^\W\d_]{3,}\b"


@dataclass(frozen=True, slots=True)
class Topic:
    """``words`` that stand for it, strongest first; ``contributions`` by how much they belong to it."""

    words: tuple[str, ...]
    contributions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grouped:
    """``rest``: contributions that share no word with others."""

    topics: tuple[Topic, ...] = ()
    rest: tuple[str, ...] = ()


def group(texts: Mapping[str, str]) -> Grouped:
    """Topics of these texts by id, largest first. Raises ``NotImplementedHere`` without scikit-learn."""
    ids = sorted(texts)
    if len(ids) < FEWEST:
        return Grouped((), tuple(ids))
    if find_spec("sklearn") is None:
        raise errors.NotImplementedHere(
            "topics need the extra `participation`",
            where="topics",
            hint="pip install 'sympolis[participation]'",
        )
    matrix, words = _weighed([texts[one] for one in ids])
    if matrix is None:
        return Grouped((), tuple(ids))
    return _grouped(ids, *_factors(matrix, len(ids)), words)


def _weighed(texts: Sequence[str]) -> tuple[Any, Sequence[str]]:
    """TF-IDF of words that two contributions share; None where there is no such word."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(
        stop_words=list(stopwords()),
        token_pattern=_WORD,
        min_df=2,
        max_features=_MOST_TERMS,
        sublinear_tf=True,
    )
    try:
        return vectorizer.fit_transform(texts), list(vectorizer.get_feature_names_out())
    except ValueError:  # not one word is shared
        return None, ()


def _factors(matrix: Any, count: int) -> tuple[Any, Any]:
    from sklearn.decomposition import NMF

    wanted = max(2, min(MOST_TOPICS, round(sqrt(count / 2)), *matrix.shape))
    model = NMF(n_components=wanted, init="nndsvda", random_state=0, max_iter=1000, tol=1e-4)
    return model.fit_transform(matrix), model.components_


def _grouped(ids: Sequence[str], belongs: Any, terms: Any, words: Sequence[str]) -> Grouped:
    best = belongs.argmax(axis=1)
    strength = belongs.max(axis=1)
    found = []
    for number, row in enumerate(terms):
        order = [
            i
            for _, _, i in sorted(zip((-value for value in row), words, range(len(words)), strict=True))[
                :_WORDS
            ]
        ]
        members = [i for i in range(len(ids)) if best[i] == number and strength[i] > _FAINT]
        members.sort(key=lambda i: (-strength[i], ids[i]))
        if members:
            named = tuple(words[i] for i in order if row[i] > _FAINT)
            found.append(Topic(named, tuple(ids[i] for i in members)))
    found.sort(key=lambda topic: (-len(topic.contributions), topic.words))
    return Grouped(tuple(found), tuple(ids[i] for i in range(len(ids)) if strength[i] <= _FAINT))


@functools.cache
def stopwords() -> tuple[str, ...]:
    """The stop words of all languages: people mix them, and few mean something elsewhere."""
    text = files(__package__).joinpath("stopwords.toml").read_text(encoding="utf-8")
    return tuple(sorted({word for line in tomllib.loads(text).values() for word in line.split()}))
