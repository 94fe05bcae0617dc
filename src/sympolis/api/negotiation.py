"""Which of the offered media types a client prefers (RFC 9110, section 12.5.1)."""

from __future__ import annotations

from functools import lru_cache

from sympolis.domain import errors

_MAX_ACCEPT = 2048
LANGUAGES = ("it", "de", "en")
"""The languages that the platform itself speaks."""


def preferred(accept: str | None, offers: tuple[str, ...]) -> str:
    """The offer with the highest q-value; ties go to the earlier offer, an absent header to the first.

    Raises ``NotAcceptable`` with the list of what could be had.
    """
    if accept is None or not accept.strip():
        return offers[0]
    if len(accept) > _MAX_ACCEPT:
        raise errors.InvalidRequest(f"longer than {_MAX_ACCEPT} characters", where="Accept")
    return _best(accept, offers)


@lru_cache(maxsize=512)
def _best(accept: str, offers: tuple[str, ...]) -> str:
    ranges = [_media_range(part) for part in accept.split(",") if part.strip()]
    ranked = [(_quality(offer, ranges), -position, offer) for position, offer in enumerate(offers)]
    quality, _, best = max(ranked)
    if quality <= 0:
        raise errors.NotAcceptable(
            "none of these media types can be given", where="Accept", hint=f"available: {', '.join(offers)}"
        )
    return best


def language_of(accept: str | None) -> str:
    """The first of ``LANGUAGES`` that an Accept-Language header names; English where none is."""
    named = (part.partition(";")[0].strip()[:2].lower() for part in (accept or "")[:_MAX_ACCEPT].split(","))
    return next((one for one in named if one in LANGUAGES), "en")


def _media_range(text: str) -> tuple[str, float]:
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            return name, _q(parameter[2:])
    return name, 1.0


def _q(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if 0 <= value <= 1 else 0.0


def _quality(offer: str, ranges: list[tuple[str, float]]) -> float:
    family = offer.partition("/")[0] + "/*"
    matching = [
        (2 if name == offer else 1 if name == family else 0, q)
        for name, q in ranges
        if name in (offer, family, "*/*")
    ]
    return max(matching)[1] if matching else 0.0
