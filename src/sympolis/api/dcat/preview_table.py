"""The first rows of a dataset on its page: what one gets, before one takes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

import msgspec

_MOST_COLUMNS: Final = 8
_LONGEST: Final = 60
_HEADING: Final = {"it": "Le prime righe", "de": "Die ersten Zeilen", "en": "The first rows"}
_NOT_SHOWN: Final = ("type", "location")


def preview_table(features: Sequence[Mapping[str, Any]], units: Mapping[str, str], language: str) -> str:
    """A table of GeoJSON features; nothing where there are none. The place is told by the kind of its geometry."""
    if not features:
        return ""
    names = [name for one in features for name in one["properties"] if name not in _NOT_SHOWN]
    columns = list(dict.fromkeys(names))[:_MOST_COLUMNS]
    head = "".join(f'<th scope="col">{escape(name)}{_unit(units.get(name))}</th>' for name in columns)
    rows = "".join(_row(one, columns) for one in features)
    title = _HEADING[language]
    return (
        f'<h2>{title}</h2><div class="rows" tabindex="0" role="region" aria-label="{title}"><table><thead><tr>'
        f'<th scope="col">id</th>{head}<th scope="col">geometry</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _unit(code: str | None) -> str:
    return "" if code is None else f' <span class="muted">({escape(code)})</span>'


def _row(feature: Mapping[str, Any], columns: Sequence[str]) -> str:
    cells = "".join(f"<td>{escape(_text(feature['properties'].get(name)))}</td>" for name in columns)
    local = str(feature["id"]).split(":", 4)[-1]
    shape = feature["geometry"]
    place = "–" if shape is None else str(shape["type"])
    return f'<tr><th scope="row">{escape(local)}</th>{cells}<td>{escape(place)}</td></tr>'


def _text(value: Any) -> str:
    if value is None:
        return "–"
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
