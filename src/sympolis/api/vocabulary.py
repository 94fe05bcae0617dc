"""The short names that this twin's own interfaces use: the city's context where there is a city, else the core."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympolis.api.parts import ApiParts
from sympolis.context.terms import Terms

CONTEXTS_PATH = "/contexts"
"""Where the city's context document is served."""


def city_context(parts: ApiParts) -> Any:
    """The value of ``@context`` in the city's document; None without a city."""
    return None if parts.city is None else parts.city.context["@context"]


def city_terms(parts: ApiParts) -> Terms:
    """The terms of the city's context (the core's without a city)."""
    return parts.contexts.resolve_local(city_context(parts))


def context_path(parts: ApiParts) -> str | None:
    """The path of the city's context document."""
    return None if parts.city is None else f"{CONTEXTS_PATH}/{parts.city.context_name}"


def in_words(text: str | Mapping[str, str]) -> Mapping[str, str]:
    """A text by language; a bare text is English."""
    return {"en": text} if isinstance(text, str) else text
