"""An account as PDF, by reportlab (extra ``report``): loaded when somebody asks for one."""

from __future__ import annotations

from html import escape
from importlib.util import find_spec
from io import BytesIO
from typing import Any, Final

from sympolis.decision.printing.blocks import Account, Block, Heading, Items, Table, Text
from sympolis.domain import errors

MEDIA: Final = "application/pdf"
_MARGIN_PT: Final = 54
_NARROWEST, _WIDEST = 8, 48
"""Characters that a column is counted with at least and at most."""
_PLAIN: Final = str.maketrans({"₂": "2", "₃": "3", "₄": "4", "₁": "1", "→": "->", "↔": "<->"})
"""Signs that the PDF's own fonts lack, and what stands for them there."""


def pdf(account: Account) -> bytes:
    """The file. CPU work of some 10 ms a page. Raises ``NotImplementedHere`` without the extra."""
    if find_spec("reportlab") is None:
        raise errors.NotImplementedHere(
            "this twin makes no PDF", where="pdf", hint="install sympolis[report], or print the page"
        )
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import Paragraph, SimpleDocTemplate

    styles, out = _styles(), BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        title=account.title,
        lang=account.language,
        author="Sympolis",
        leftMargin=_MARGIN_PT,
        rightMargin=_MARGIN_PT,
        topMargin=_MARGIN_PT,
        bottomMargin=_MARGIN_PT,
    )
    width = A4[0] - 2 * _MARGIN_PT
    parts = [Paragraph(_plain(account.title), styles["Title"])]
    for block in account.blocks:
        parts += _parts(block, styles, width)

    def foot(canvas: Any, _document: Any) -> None:
        canvas.saveState()
        canvas.setFont("Vera", 7)
        canvas.drawString(_MARGIN_PT, _MARGIN_PT / 2, account.foot.translate(_PLAIN)[:110])
        canvas.drawRightString(A4[0] - _MARGIN_PT, _MARGIN_PT / 2, str(canvas.getPageNumber()))
        canvas.restoreState()

    document.build(parts, onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


def _plain(text: str) -> str:
    return escape(text.translate(_PLAIN), quote=False)


def _styles() -> Any:
    from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    pdfmetrics.registerFont(TTFont("Vera", "Vera.ttf"))
    pdfmetrics.registerFont(TTFont("VeraBd", "VeraBd.ttf"))
    styles = getSampleStyleSheet()
    for name in ("Title", "Heading1", "Heading2", "Heading3"):
        styles[name].fontName = "VeraBd"
    styles["Title"].fontSize, styles["Title"].leading, styles["Title"].alignment = 18, 22, 0
    for name, size in (("Heading1", 14), ("Heading2", 11.5), ("Heading3", 10)):
        styles[name].fontSize, styles[name].leading = size, size * 1.3
    styles["BodyText"].fontName, styles["BodyText"].fontSize, styles["BodyText"].leading = "Vera", 9.5, 13
    small = {"parent": styles["BodyText"], "fontSize": 7.5, "leading": 10}
    styles.add(ParagraphStyle("Quiet", textColor="#555555", **small))
    styles.add(ParagraphStyle("Cell", **small))
    styles.add(ParagraphStyle("Number", alignment=2, **small))
    styles.add(ParagraphStyle("Head", **{**small, "fontName": "VeraBd"}))
    return styles


def _parts(block: Block, styles: Any, width: float) -> list[Any]:
    from reportlab.platypus import ListFlowable, ListItem, Paragraph, Spacer

    match block:
        case Heading(text, level):
            return [Paragraph(_plain(text), styles[f"Heading{min(level, 3)}"])]
        case Text(text, quiet):
            return [Paragraph(_plain(text), styles["Quiet" if quiet else "BodyText"])]
        case Items(items):
            found = [ListItem(Paragraph(_plain(one), styles["BodyText"])) for one in items]
            return (
                [ListFlowable(found, bulletType="bullet", bulletFontSize=6, leftIndent=12)] if found else []
            )
        case Table():
            caption = [Paragraph(_plain(block.caption), styles["Heading3"])] if block.caption else []
            return [*caption, _table(block, styles, width), Spacer(1, 8)]


def _table(table: Table, styles: Any, width: float) -> Any:
    from reportlab.lib import colors
    from reportlab.platypus import LongTable, Paragraph, TableStyle

    def styled(at: int) -> Any:
        return styles["Number" if at in table.numbers else "Cell"]

    head = [Paragraph(_plain(title), styles["Head"]) for title in table.titles]
    rows = [[Paragraph(_plain(cell), styled(at)) for at, cell in enumerate(row)] for row in table.rows]
    found = LongTable([head, *rows], colWidths=_widths(table, width), repeatRows=1)
    lines = [("LINEBELOW", (0, 0), (-1, -1), 0.4, colors.lightgrey), ("VALIGN", (0, 0), (-1, -1), "TOP")]
    found.setStyle(TableStyle([*lines, ("LEFTPADDING", (0, 0), (0, -1), 0)]))
    return found


def _widths(table: Table, width: float) -> list[float]:
    """Columns share the width by their longest text, within bounds: a number never breaks, a long text wraps."""
    longest = [max(map(len, column)) for column in zip(table.titles, *table.rows, strict=True)]
    shares = [min(max(one, _NARROWEST), _WIDEST) for one in longest]
    return [width * share / sum(shares) for share in shares]
