"""One plan, two sets of eyes: what a change means to each department, and where one's gain is another's loss.

Each department names the figures by which it judges. Nothing is weighed against anything: a conflict is said with the
figures on both sides, and deciding it is left to people.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sympolis.domain.measure import Verdict

Json = dict[str, Any]
Texts = Mapping[str, str]

LANGUAGES = ("it", "de", "en")
_GAINS: Texts = {
    "it": "{gaining}: meglio {better}. {losing}: peggio {worse}.",
    "de": "{gaining}: besser {better}. {losing}: schlechter {worse}.",
    "en": "{gaining}: better {better}. {losing}: worse {worse}.",
}


def side_by_side(
    changes: Sequence[Mapping[str, Any]], departments: Sequence[tuple[str, Texts, Sequence[str]]]
) -> Json:
    """What a change means to each of ``departments`` (id, title, names of figures), and the conflicts between them.

    ``changes`` are a comparison's indicators: each with ``name``, ``title``, ``verdict``. A figure that two departments
    share is no conflict between them.
    """
    known = {str(one["name"]): one for one in changes}
    views = [
        (name, title, [known[one] for one in figures if one in known]) for name, title, figures in departments
    ]
    return {
        "departments": [
            {"id": name, "title": dict(title), "indicators": list(figures), **_counted(figures)}
            for name, title, figures in views
        ],
        "conflicts": list(_conflicts(views)),
    }


View = tuple[str, Texts, Sequence[Mapping[str, Any]]]


def _counted(figures: Sequence[Mapping[str, Any]]) -> Json:
    return {
        "better": [one["name"] for one in _of(figures, Verdict.LIKELY_BETTER)],
        "worse": [one["name"] for one in _of(figures, Verdict.LIKELY_WORSE)],
    }


def _of(figures: Sequence[Mapping[str, Any]], verdict: Verdict) -> list[Mapping[str, Any]]:
    return [one for one in figures if one["verdict"] == verdict]


def _conflicts(views: Sequence[View]) -> Iterator[Json]:
    for gaining in views:
        for losing in views:
            if gaining[0] != losing[0]:
                yield from _between(gaining, losing)


def _between(gaining: View, losing: View) -> Iterator[Json]:
    theirs = {one["name"] for one in losing[2]}
    own = {one["name"] for one in gaining[2]}
    better = [one for one in _of(gaining[2], Verdict.LIKELY_BETTER) if one["name"] not in theirs]
    worse = [one for one in _of(losing[2], Verdict.LIKELY_WORSE) if one["name"] not in own]
    if better and worse:
        yield {
            "gaining": gaining[0],
            "losing": losing[0],
            "better": [one["name"] for one in better],
            "worse": [one["name"] for one in worse],
            "text": {
                language: _GAINS[language].format(
                    gaining=_said(gaining[1], language),
                    losing=_said(losing[1], language),
                    better=_list(better, language),
                    worse=_list(worse, language),
                )
                for language in LANGUAGES
            },
        }


def _list(figures: Sequence[Mapping[str, Any]], language: str) -> str:
    return ", ".join(_said(one["title"], language) for one in figures)


def _said(texts: Texts, language: str) -> str:
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")
