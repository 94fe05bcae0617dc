"""Reading what strangers wrote: texts cut and cleaned, lists bounded, anything of another kind left out.

A partner's catalogue is shown to people and searched; it must be able to mislead about itself at most.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

MOST_ITEMS: Final = 2_000
_LONGEST: Final = 500
_MOST_LANGUAGES: Final = 30


def text(value: Any, longest: int = _LONGEST) -> str:
    """A text without control characters, cut; '' for anything else."""
    if not isinstance(value, str):
        return ""
    return "".join(one for one in value[: 4 * longest] if one.isprintable())[:longest].strip()


def texts(value: Any) -> dict[str, str]:
    """A text by language: given plainly, by language, or as JSON-LD values; '' stands for no language."""
    if isinstance(value, str):
        return {"": text(value)} if text(value) else {}
    found: dict[str, str] = {}
    for language, said in _said(value):
        cleaned = text(said)
        if cleaned and len(found) < _MOST_LANGUAGES:
            found.setdefault(text(language, 10), cleaned)
    return found


def _said(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, list):
        for one in value[:_MOST_LANGUAGES]:
            yield from (("", one),) if isinstance(one, str) else _said(one)
    elif isinstance(value, Mapping) and "@value" in value:
        yield value.get("@language", ""), value["@value"]
    elif isinstance(value, Mapping):
        yield from value.items()


def words(value: Any, most: int = 50) -> tuple[str, ...]:
    """Short texts of a list."""
    given = value if isinstance(value, list) else [value]
    found = (next(iter(texts(one).values()), "") for one in given[:most])
    return tuple(one for one in found if one)


def items(value: Any, most: int = MOST_ITEMS) -> list[dict[str, Any]]:
    """The objects of a list, not too many; nothing for anything else."""
    return [one for one in value[:most] if isinstance(one, dict)] if isinstance(value, list) else []


def number(value: Any) -> float | None:
    """A finite number; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e300:
        return None
    return float(value)


def address(value: Any, base_url: str) -> str:
    """A web address at the partner's own server; '' for anything else: no catalogue sends our people elsewhere."""
    cut = text(value, 1000)
    try:
        parts = urlsplit(cut)
        same = parts.scheme in ("http", "https") and parts.netloc == urlsplit(base_url).netloc
    except ValueError:
        return ""
    return cut if same else ""
