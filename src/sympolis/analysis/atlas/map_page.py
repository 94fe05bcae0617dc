"""Draws a selection as a map on one page of PDF: areas, things, legend with numbers and sums, sources, what is missing.

Symbols differ in shape as well as colour, so that the page survives a grey printer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from sympolis.domain import errors

_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#5b5b5b")
"""Okabe and Ito: told apart by people with any colour vision."""
_SHAPES: Final = ("circle", "square", "triangle")
_MARGIN: Final = 36.0
_SIDE: Final = 210.0
_HEAD: Final = 58.0
_FOOT: Final = 52.0
_LARGEST, _SMALLEST = 5.0, 0.9
_EARTH_M: Final = 111_195.0
_MOST_DRAWN: Final = 100_000
_MANY: Final = 2_000
"""From so many things on, symbols are small and have no white edge, which would hide them."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where the map is on the page [pt], and how degrees become points."""

    left: float
    bottom: float
    scale: float
    west: float
    south: float
    squeeze: float
    """A degree of longitude is so many degrees of latitude long."""

    def at(self, longitude: float, latitude: float) -> tuple[float, float]:
        x = self.left + (longitude - self.west) * self.squeeze * self.scale
        return x, self.bottom + (latitude - self.south) * self.scale


def write(content: Mapping[str, Any], target: Path) -> None:
    """The page, A4 across. Raises ``NotImplementedHere`` without reportlab."""
    if find_spec("reportlab") is None:
        raise errors.NotImplementedHere(
            "this twin makes no PDF", where="format", hint="install sympolis[report], or take gpkg"
        )
    from reportlab.lib.pagesizes import A4, landscape
    from reportlab.pdfgen.canvas import Canvas

    width, height = landscape(A4)
    page = Canvas(str(target), pagesize=(width, height), lang=content["language"])
    page.setTitle(content["title"])
    page.setAuthor("Sympolis")
    box = (_MARGIN, _MARGIN + _FOOT, width - 2 * _MARGIN - _SIDE, height - 2 * _MARGIN - _HEAD - _FOOT)
    frame = _frame(content["outlines"], box)
    _head(page, content, height)
    _areas(page, content["outlines"], frame)
    _things(page, content["layers"], frame)
    _scale_bar(page, frame, box)
    _legend(page, content, width - _MARGIN - _SIDE + 12, height - _MARGIN - _HEAD)
    _foot(page, content, width)
    page.save()


def _rings(geometry: Mapping[str, Any]) -> Iterator[Sequence[Sequence[float]]]:
    if geometry["type"] == "Polygon":
        yield from geometry["coordinates"]
    elif geometry["type"] == "MultiPolygon":
        for polygon in geometry["coordinates"]:
            yield from polygon


def _frame(outlines: Sequence[Mapping[str, Any]], box: tuple[float, float, float, float]) -> _Frame:
    left, bottom, width, height = box
    positions = [position for geometry in outlines for ring in _rings(geometry) for position in ring]
    if not positions:
        raise errors.ModelFailed("there are no areas to draw a map of", where="areas")
    west, east = min(p[0] for p in positions), max(p[0] for p in positions)
    south, north = min(p[1] for p in positions), max(p[1] for p in positions)
    squeeze = math.cos(math.radians((south + north) / 2))
    wide, high = max((east - west) * squeeze, 1e-9), max(north - south, 1e-9)
    scale = min(width / wide, height / high)
    middle = left + (width - wide * scale) / 2
    return _Frame(middle, bottom + (height - high * scale) / 2, scale, west, south, squeeze)


def _head(page: Any, content: Mapping[str, Any], height: float) -> None:
    page.setFont("Helvetica-Bold", 17)
    page.drawString(_MARGIN, height - _MARGIN - 14, _latin(content["title"]))
    page.setFont("Helvetica", 9.5)
    page.drawString(_MARGIN, height - _MARGIN - 29, _latin(content["question"])[:150])
    page.setFillGray(0.35)
    page.drawString(_MARGIN, height - _MARGIN - 42, _latin(" · ".join(content["filters"]))[:170])
    page.setFillGray(0)


def _areas(page: Any, outlines: Sequence[Mapping[str, Any]], frame: _Frame) -> None:
    page.setLineWidth(0.4)
    page.setStrokeGray(0.62)
    page.setFillColorRGB(0.965, 0.957, 0.94)
    for geometry in outlines:
        path = page.beginPath()
        for ring in _rings(geometry):
            path.moveTo(*frame.at(*ring[0][:2]))
            for position in ring[1:]:
                path.lineTo(*frame.at(*position[:2]))
            path.close()
        page.drawPath(path, stroke=1, fill=1)


def _things(page: Any, layers: Sequence[Mapping[str, Any]], frame: _Frame) -> None:
    """Layers with many things lie below those with few; larger things are larger, by area."""
    placed = [(index, layer) for index, layer in enumerate(layers) if layer["place"] and layer["rows"]]
    left = _MOST_DRAWN
    for index, layer in sorted(placed, key=lambda one: -len(one[1]["rows"])):
        names = [column["name"] for column in layer["columns"]]
        x, y, size = (names.index(name) for name in ("longitude", "latitude", "capacity"))
        most = max((row[size] or 0.0 for row in layer["rows"]), default=0.0)
        _style(page, index, edge=len(layer["rows"]) < _MANY)
        for row in layer["rows"][:left]:
            if row[x] is not None and row[y] is not None:
                _symbol(page, index, *frame.at(row[x], row[y]), _radius(row[size], most, len(layer["rows"])))
        left = max(0, left - len(layer["rows"]))


def _radius(capacity: float | None, most: float, number: int) -> float:
    base = 2.6 if number < _MANY else _SMALLEST
    return max(base, _LARGEST * math.sqrt((capacity or 0.0) / most)) if most else base


def _style(page: Any, index: int, *, edge: bool = True) -> None:
    from reportlab.lib.colors import HexColor

    colour = HexColor(_COLOURS[index % len(_COLOURS)])
    page.setFillColor(colour)
    page.setStrokeColor(HexColor("#ffffff") if edge else colour)
    page.setLineWidth(0.25)


def _symbol(page: Any, index: int, x: float, y: float, radius: float) -> None:
    shape = _SHAPES[index % len(_SHAPES)]
    if shape == "circle":
        page.circle(x, y, radius, stroke=1, fill=1)
    elif shape == "square":
        page.rect(x - radius, y - radius, 2 * radius, 2 * radius, stroke=1, fill=1)
    else:
        path = page.beginPath()
        path.moveTo(x, y + radius)
        path.lineTo(x - radius, y - radius)
        path.lineTo(x + radius, y - radius)
        path.close()
        page.drawPath(path, stroke=1, fill=1)


def _scale_bar(page: Any, frame: _Frame, box: tuple[float, float, float, float]) -> None:
    metres_per_point = _EARTH_M / frame.scale
    length = next(m for m in (50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50)
                  if m / metres_per_point <= box[2] / 4 or m == 50)  # fmt: skip
    x, y = box[0] + 4, box[1] + 4
    page.setStrokeGray(0)
    page.setLineWidth(1.2)
    page.line(x, y, x + length / metres_per_point, y)
    page.setFillGray(0)
    page.setFont("Helvetica", 8)
    page.drawString(x, y + 4, f"{length // 1000} km" if length >= 1000 else f"{length} m")


def _legend(page: Any, content: Mapping[str, Any], left: float, top: float) -> None:
    y = top
    for index, layer in enumerate(content["layers"]):
        if layer["place"]:
            _style(page, index)
            _symbol(page, index, left + 4, y - 8, 4)
        page.setFillGray(0)
        page.setFont("Helvetica-Bold", 9)
        page.drawString(left + 14, y - 11, _latin(layer["title"])[:38])
        page.setFont("Helvetica", 8.5)
        page.drawString(left + 14, y - 22, _latin(layer["sums"])[:44])
        y -= 32
    if content["missing"] and y > _MARGIN + _FOOT + 40:
        page.setFont("Helvetica-Bold", 8.5)
        page.drawString(left, y - 12, _latin(content["words"]["missing"]))
        page.setFont("Helvetica", 8)
        for number, one in enumerate(content["missing"][:8]):
            page.drawString(left, y - 24 - 10.5 * number, _latin(f"- {one}")[:46])


def _foot(page: Any, content: Mapping[str, Any], width: float) -> None:
    page.setFont("Helvetica", 7)
    page.setFillGray(0.3)
    said = [one for one in dict.fromkeys(_credit(layer) for layer in content["layers"]) if one]
    for number, line in enumerate(_wrapped(" · ".join(said), int((width - 2 * _MARGIN) / 3.45))[:3]):
        page.drawString(_MARGIN, _MARGIN + 24 - 9 * number, line)
    page.drawRightString(width - _MARGIN, _MARGIN - 10, f"Sympolis · {content['made'][:10]}")


def _credit(layer: Mapping[str, Any]) -> str:
    licence = f" ({layer['licence']})" if layer["licence"] else ""
    return _latin(f"{layer['attribution']}{licence}") if layer["attribution"] else ""


def _wrapped(text: str, most: int) -> list[str]:
    lines: list[str] = []
    line = ""
    for word in text.split():
        if len(line) + len(word) >= most:
            lines, line = [*lines, line], ""
        line = f"{line} {word}".strip()
    return [*lines, line]


def _latin(text: str) -> str:
    """What the page's own fonts can show."""
    return (
        text.replace("–", "-")
        .replace("„", '"')
        .replace("“", '"')
        .encode("latin-1", "replace")
        .decode("latin-1")
    )
