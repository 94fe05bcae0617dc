"""The map as a picture: SVG that can be edited, printed and read aloud, and PNG for a slide.

Both are drawn from one layout. Origin and state show without colour: a dot for what people added, dashes for what is
planned or ends; what each line carries is in its title.
"""

from __future__ import annotations

from html import escape
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sympolis.assessment.ecosystem.layout import HEIGHT, WIDTH, Layout, Line, lay_out
from sympolis.assessment.ecosystem.model import (
    Actor,
    Flow,
    FlowKind,
    Helix,
    Map,
    Origin,
    State,
    said,
)
from sympolis.assessment.ecosystem.wording import words
from sympolis.domain import errors

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

FORMS: Final = ("svg", "png")
_LONGEST: Final = 27
_LONGEST_SMALL: Final = 36
_SCALE: Final = 2
"""Pixels of a PNG for each px of the layout."""
_DASH: Final = 5
"""Length of a straight piece of a line, and of a dash [px of the layout]."""
_COLOURS: Final[dict[Helix, tuple[str, str]]] = {
    Helix.GOVERNMENT: ("#0b5c66", "#63d6cf"),
    Helix.BUSINESS: ("#9a5b00", "#ffc46b"),
    Helix.ACADEMIA: ("#5b3f99", "#c3b1f2"),
    Helix.CIVIL_SOCIETY: ("#a3244f", "#ff9dbd"),
    Helix.UNKNOWN: ("#5c6670", "#9fb0bc"),
}
"""Border of a box in the light and in the dark theme, by helix."""
_STYLE: Final = """
svg { font-family: system-ui, sans-serif; color-scheme: light dark; }
.ground { fill: light-dark(#ffffff, #14181b); }
text { fill: light-dark(#1b2328, #e6ecef); font-size: 12px; }
.title { font-size: 18px; font-weight: 600; }
.head { font-size: 13px; font-weight: 600; }
.small { font-size: 10.5px; fill: light-dark(#52626b, #9fb0b9); }
.box { fill: light-dark(#f6f8f8, #1c2429); stroke-width: 1.5; }
.flow { fill: none; stroke: light-dark(#5c6670, #8fa1ad); stroke-width: 1.3; }
.value { stroke-dasharray: 3 3; }
.suggested { stroke-dasharray: 1 5; }
.planned { stroke-dasharray: 7 4; }
.dot { fill: light-dark(#c2410c, #ffb066); }
"""


def svg(found: Map, language: str) -> str:
    """The picture as SVG."""
    layout, title = lay_out(found), _title(found, language)
    heads = "".join(
        f'<text class="head" x="{one.x}" y="76">{escape(said(words()["layers"][one.layer], language))}</text>'
        for one in layout.columns
    )
    flows = {one.id: one for one in found.flows}
    lines = "".join(_svg_line(one, flows[one.flow], found, language) for one in layout.lines)
    boxes = "".join(_svg_box(one, layout.places[one.id], language) for one in found.actors)
    note = f"{said(words()['picture']['legend'], language)} {found.at[:10]}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {layout.width} {layout.height}" lang="{language}" '
        f'role="img" aria-label="{escape(title)}"><title>{escape(title)}</title><style>{_STYLE}{_helix_style()}'
        f'</style><defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" '
        f'orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="light-dark(#5c6670, #8fa1ad)"/></marker></defs>'
        f'<rect class="ground" width="{layout.width}" height="{layout.height}"/>'
        f'<text class="title" x="24" y="38">{escape(title)}</text>{heads}{lines}{boxes}'
        f'<text class="small" x="24" y="{layout.height - 16}">{escape(note)}</text></svg>'
    )


def _title(found: Map, language: str) -> str:
    texts = words()["picture"]
    title = said(texts["title"], language).format(title=said(found.title, language))
    return f"{title}, {said(texts[found.view], language)}"


def _helix_style() -> str:
    return "".join(
        f".{_class(helix)} {{ stroke: light-dark({light}, {dark}); }}\n"
        for helix, (light, dark) in _COLOURS.items()
    )


def _class(helix: Helix) -> str:
    return "helix-" + helix.replace(" ", "-")


def _svg_line(line: Line, flow: Flow, found: Map, language: str) -> str:
    (a, b), (c, d), (e, f), (g, h) = line.points
    name = " ".join(("flow", *_line_classes(flow)))
    ends = [found.actor(one) for one in (flow.source, flow.target)]
    title = " → ".join(said(one.name, language) for one in ends if one is not None)
    return (
        f'<path class="{name}" marker-end="url(#tip)" d="M{a:g} {b:g} C{c:g} {d:g} {e:g} {f:g} {g:g} {h:g}">'
        f"<title>{escape(title)}: {escape(_carried(flow, language))}</title></path>"
    )


def _line_classes(flow: Flow) -> list[str]:
    found = []
    if flow.is_value_exchange:
        found.append("value")
    if flow.state is not State.CURRENT:
        found.append("suggested" if flow.state is State.SUGGESTED else "planned")
    return found


def _carried(flow: Flow, language: str) -> str:
    kind = said(words()["values"][flow.kind], language)
    title = said(flow.title, language)
    return f"{kind}: {title}" if title else kind


def _svg_box(actor: Actor, place: tuple[int, int], language: str) -> str:
    x, y = place
    name, small = said(actor.name, language), _small(actor, language)
    dashed = " planned" if actor.state in (State.PLANNED, State.ENDING) else ""
    dot = f'<circle class="dot" cx="{x + WIDTH - 9}" cy="{y + 9}" r="3.5"/>' if _touched(actor) else ""
    return (
        f'<g id="{escape(actor.id)}"><title>{escape(name)} ({escape(small)})</title>'
        f'<rect class="box {_class(actor.helix)}{dashed}" x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
        f'<text x="{x + 10}" y="{y + 18}">{escape(_cut(name, _LONGEST))}</text>'
        f'<text class="small" x="{x + 10}" y="{y + 33}">{escape(_cut(small, _LONGEST_SMALL))}</text>{dot}</g>'
    )


def _touched(actor: Actor) -> bool:
    """Whether people added or annotated it."""
    return actor.origin is Origin.HAND or bool(actor.author)


def _small(actor: Actor, language: str) -> str:
    """What an actor does, else what it is."""
    roles = ", ".join(said(words()["roles"][one], language) for one in actor.roles)
    return roles or said(words()["kinds"][actor.kind], language)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


# --- PNG


def png(found: Map, language: str) -> bytes:
    """The picture as PNG, twice as fine as its px. Raises ``NotImplementedHere`` without the extra ``report``."""
    if find_spec("PIL") is None or find_spec("reportlab") is None:
        raise errors.NotImplementedHere(
            "pictures as PNG need an extra part",
            where="png",
            hint="pip install 'sympolis[report]'; or ask for svg",
        )
    from PIL import Image, ImageDraw

    layout = lay_out(found)
    image = Image.new("RGB", (layout.width * _SCALE, layout.height * _SCALE), "#ffffff")
    _Painter(ImageDraw.Draw(image), language).paint(found, layout)
    file = BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


class _Painter:
    """Paints the light theme; the font is the one that printed reports have."""

    def __init__(self, draw: ImageDraw, language: str) -> None:
        import reportlab
        from PIL import ImageFont

        folder = Path(reportlab.__file__).parent / "fonts"
        self._draw = draw
        self._language = language
        self._fonts = {
            (bold, size): ImageFont.truetype(
                str(folder / ("VeraBd.ttf" if bold else "Vera.ttf")), size * _SCALE
            )
            for bold, size in ((True, 16), (True, 12), (False, 11), (False, 9))
        }

    def paint(self, found: Map, layout: Layout) -> None:
        """Everything, lines first."""
        self._text((24, 22), _title(found, self._language), size=16, bold=True)
        for column in layout.columns:
            self._text(
                (column.x, 64), said(words()["layers"][column.layer], self._language), size=12, bold=True
            )
        flows = {one.id: one for one in found.flows}
        for line in layout.lines:
            self._line(line, flows[line.flow])
        for actor in found.actors:
            self._box(actor, layout.places[actor.id])
        legend = f"{said(words()['picture']['legend'], self._language)} {found.at[:10]}"
        self._text((24, layout.height - 26), legend, size=9, colour="#52626b")

    def _text(
        self, at: tuple[float, float], text: str, *, size: int, bold: bool = False, colour: str = "#1b2328"
    ) -> None:
        self._draw.text((at[0] * _SCALE, at[1] * _SCALE), text, font=self._fonts[bold, size], fill=colour)

    def _box(self, actor: Actor, place: tuple[int, int]) -> None:
        x, y = place
        corners = [value * _SCALE for value in (x, y, x + WIDTH, y + HEIGHT)]
        self._draw.rounded_rectangle(
            corners, radius=6 * _SCALE, fill="#f6f8f8", outline=_COLOURS[actor.helix][0], width=3
        )
        if actor.state in (State.PLANNED, State.ENDING):
            for left in range(x + 8, x + WIDTH - 8, 11):
                for edge in (y, y + HEIGHT - 1):
                    self._draw.rectangle(
                        [left * _SCALE, edge * _SCALE - 2, (left + 4) * _SCALE, edge * _SCALE + 3],
                        fill="#ffffff",
                    )
        name, small = said(actor.name, self._language), _small(actor, self._language)
        self._text((x + 10, y + 6), self._fitted(name, 11), size=11)
        self._text((x + 10, y + 24), self._fitted(small, 9), size=9, colour="#52626b")
        if _touched(actor):
            centre = (x + WIDTH - 9, y + 9)
            self._draw.ellipse(
                [(value + side * 3.5) * _SCALE for side in (-1, 1) for value in centre], fill="#c2410c"
            )

    def _dash(self, x: int, y: int) -> None:
        """Gaps in the upper and the lower border of a box."""
        for left in range(x + 8, x + WIDTH - 8, 11):
            for edge in (y * _SCALE, (y + HEIGHT) * _SCALE):
                gap = [left * _SCALE, edge - 3, (left + 4) * _SCALE, edge + 3]
                self._draw.rectangle(gap, fill="#ffffff")

    def _fitted(self, text: str, size: int) -> str:
        font, room = self._fonts[False, size], (WIDTH - 24) * _SCALE
        while len(text) > 1 and font.getlength(text) > room:
            text = f"{text.rstrip('…')[:-1]}…"
        return text

    def _line(self, line: Line, flow: Flow) -> None:
        begin, end = line.points[0], line.points[-1]
        steps = max(8, int((abs(end[0] - begin[0]) + abs(end[1] - begin[1])) / _DASH))
        points = [tuple(value * _SCALE for value in line.at(step / steps)) for step in range(steps + 1)]
        gaps = 0 if flow.kind is FlowKind.DATA and flow.state is State.CURRENT else 2
        for at in range(steps):
            if not gaps or at % gaps == 0:
                self._draw.line([points[at], points[at + 1]], fill="#8a949c", width=3)
        self._tip(points[-2], points[-1])

    def _tip(self, before: Any, end: Any) -> None:
        side = 1 if end[0] >= before[0] else -1
        x, y = end
        self._draw.polygon([(x, y), (x - side * 12, y - 7), (x - side * 12, y + 7)], fill="#5c6670")
