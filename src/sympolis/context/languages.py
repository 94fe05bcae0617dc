"""Choosing one text out of a language map (clause 4.15), by the rules of HTTP's Accept-Language (RFC 9110)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sympolis.domain.errors import BadRequestData


def choose(texts: Mapping[str, Any], preference: str) -> tuple[Any, str]:
    """The (text, language tag) that suits ``preference`` (``it``, or ``de-AT,de;q=0.8,*;q=0.1``) best.

    Where none suits: the text for no language in particular (``@none``), else English, else the first.
    """
    for wanted in _ranked(preference):
        for tag in texts:
            if wanted == "*" or tag.lower() == wanted or tag.lower().startswith(wanted + "-"):
                return texts[tag], tag
    for tag in ("@none", "en"):
        if tag in texts:
            return texts[tag], tag
    tag = next(iter(texts))
    return texts[tag], tag


@lru_cache(maxsize=256)
def _ranked(preference: str) -> tuple[str, ...]:
    weighted = []
    for place, part in enumerate(preference.split(",")):
        tag, _, weight = part.strip().partition(";")
        weighted.append((-_quality(weight), place, tag.strip().lower()))
    return tuple(tag for quality, _, tag in sorted(weighted) if tag and quality < 0)


def _quality(text: str) -> float:
    text = text.strip()
    if not text:
        return 1.0
    try:
        if text.startswith("q="):
            return min(1.0, max(0.0, float(text[2:])))
    except ValueError:
        pass
    raise BadRequestData("this is not a language preference", where="lang", hint="for example it,de;q=0.8,*")
