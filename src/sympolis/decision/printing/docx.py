"""An account as a document that people go on writing in, by python-docx (extra ``report``)."""

from __future__ import annotations

from importlib.util import find_spec
from io import BytesIO
from typing import Any, Final

from sympolis.decision.printing.blocks import Account, Block, Heading, Items, Table, Text
from sympolis.domain import errors

MEDIA: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def docx(account: Account) -> bytes:
    """The file. Raises ``NotImplementedHere`` without the extra."""
    if find_spec("docx") is None:
        raise errors.NotImplementedHere(
            "this twin makes no text documents",
            where="docx",
            hint="install sympolis[report], or print the page",
        )
    from docx import Document

    document, out = Document(), BytesIO()
    document.core_properties.title = account.title
    document.core_properties.language = account.language
    document.add_heading(account.title, 0)
    for block in account.blocks:
        _add(document, block)
    document.sections[0].footer.paragraphs[0].text = account.foot
    document.save(out)
    return out.getvalue()


def _add(document: Any, block: Block) -> None:
    match block:
        case Heading(text, level):
            document.add_heading(text, min(level, 3))
        case Text(text, quiet):
            run = document.add_paragraph().add_run(text)
            run.italic = quiet
        case Items(items):
            for one in items:
                document.add_paragraph(one, style="List Bullet")
        case Table():
            _add_table(document, block)


def _add_table(document: Any, table: Table) -> None:
    if table.caption:
        document.add_paragraph().add_run(table.caption).bold = True
    found = document.add_table(rows=1, cols=len(table.titles), style="Light Grid Accent 1")
    for row, cells in enumerate((table.titles, *table.rows)):
        placed = found.rows[0].cells if row == 0 else found.add_row().cells
        for cell, text in zip(placed, cells, strict=True):
            cell.text = text
    document.add_paragraph()
