"""The programme's own workbook: scores written into the file that a user supplies, and read back from one.

The file stays theirs: rows are found by the ids of their questions (Q001 …) in any column of any sheet, columns by
their titles. Where there is no column for scores, one is added behind the last. By openpyxl (extra ``excel``).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from importlib.util import find_spec
from io import BytesIO
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

from sympolis.assessment.questionnaire.model import Question, Questionnaire
from sympolis.assessment.questionnaire.scoring import Assessed, Scored
from sympolis.domain import errors

_ID: Final = re.compile(r"\s*(Q\d{3})\b", re.ASCII)
_SCORE: Final = re.compile(r"\s*(score|punteggio|punkte)\b", re.IGNORECASE)
_EVIDENCE: Final = re.compile(r"\s*(evidence|comment|prova|nachweis)", re.IGNORECASE)
_MOST_CELLS: Final = 200_000
_MOST_UNPACKED: Final = 32 * 1024 * 1024
_UNREADABLE: Final = (KeyError, ValueError, OSError, EOFError, NotImplementedError, RuntimeError)
_SKIPPED: Final = "n/a"


def fill(workbook: bytes, assessed: Assessed) -> bytes:
    """The same workbook with every question's score and what it rests on.

    Raises ``BadRequestData`` for what is no workbook or has no question, ``NotImplementedHere`` without the extra.
    """
    book = _opened(workbook)
    scores = {one.question.id: one for one in assessed.scores}
    found = 0
    for sheet, rows in _questions(book):
        score_at, evidence_at = _columns(sheet, rows)
        for row, question in rows.items():
            if question in scores:
                _write(sheet, row, score_at, evidence_at, scores[question])
                found += 1
    if not found:
        raise errors.BadRequestData(
            "has no question that is known here", where="workbook", hint="Q001 to Q036"
        )
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def read(workbook: bytes, form: Questionnaire) -> dict[str, int | None]:
    """The scores of a filled workbook by question. Raises as ``fill``, too, for an impossible score."""
    known = {one.id: one for one in form.questions}
    found: dict[str, int | None] = {}
    for sheet, rows in _questions(_opened(workbook)):
        at = _titled(sheet, min(rows), _SCORE)
        if at is None:
            continue
        for row, question in rows.items():
            value = sheet.cell(row, at).value
            if question in known and value not in (None, ""):
                found[question] = _score(value, known[question])
    if not found:
        raise errors.BadRequestData("has no column titled 'score' with an answer", where="workbook")
    return found


def _opened(workbook: bytes) -> Any:
    if find_spec("openpyxl") is None:
        raise errors.NotImplementedHere(
            "this twin reads no workbooks", where="workbook", hint="install sympolis[excel]"
        )
    import openpyxl

    _check_size(workbook)
    try:
        book = openpyxl.load_workbook(BytesIO(workbook))
    except (BadZipFile, zlib.error, SyntaxError, TypeError, AttributeError, *_UNREADABLE) as cause:
        raise errors.BadRequestData(
            "is no workbook that can be read", where="workbook", hint=".xlsx"
        ) from cause
    if sum(sheet.max_row * sheet.max_column for sheet in book.worksheets) > _MOST_CELLS:
        raise errors.BadRequestData(f"has more than {_MOST_CELLS} cells", where="workbook")
    return book


def _check_size(workbook: bytes) -> None:
    """Before anything is unpacked: a few bytes can become gigabytes. Raises ``BadRequestData``."""
    try:
        with ZipFile(BytesIO(workbook)) as packed:
            size = sum(one.file_size for one in packed.infolist())
    except (BadZipFile, *_UNREADABLE) as cause:
        raise errors.BadRequestData(
            "is no workbook that can be read", where="workbook", hint=".xlsx"
        ) from cause
    if size > _MOST_UNPACKED:
        raise errors.BadRequestData(f"has more than {_MOST_UNPACKED} bytes unpacked", where="workbook")


def _questions(book: Any) -> Iterator[tuple[Any, dict[int, str]]]:
    """Every sheet with questions, and their ids by row."""
    for sheet in book.worksheets:
        rows: dict[int, str] = {}
        for cells in sheet.iter_rows():
            for cell in cells:
                if isinstance(cell.value, str) and (found := _ID.match(cell.value)):
                    rows.setdefault(cell.row, found.group(1))
        if rows:
            yield sheet, rows


def _columns(sheet: Any, rows: dict[int, str]) -> tuple[int, int]:
    first = min(rows)
    score_at = _titled(sheet, first, _SCORE) or _added(sheet, first, "Score")
    return score_at, _titled(sheet, first, _EVIDENCE) or _added(sheet, first, "Evidence")


def _titled(sheet: Any, before: int, title: re.Pattern[str]) -> int | None:
    """The column titled so in the rows above the first question."""
    for row in range(before - 1, 0, -1):
        for at in range(1, sheet.max_column + 1):
            value = sheet.cell(row, at).value
            if isinstance(value, str) and title.match(value):
                return at
    return None


def _added(sheet: Any, first: int, title: str) -> int:
    at = int(sheet.max_column) + 1
    sheet.cell(max(first - 1, 1), at).value = title
    return at


def _write(sheet: Any, row: int, score_at: int, evidence_at: int, scored: Scored) -> None:
    sheet.cell(row, score_at).value = _SKIPPED if scored.score is None else scored.score
    sheet.cell(row, evidence_at).value = _told(scored)


def _told(scored: Scored) -> str:
    """What the score rests on; a leading quote keeps a spreadsheet from taking text for a formula."""
    if scored.answer is not None:
        text = f"{scored.answer.reason} ({scored.answer.by or '–'}, {scored.answer.at[:10]})"
        return f"'{text}" if text[:1] in "=+-@" else text
    return " ".join(one.text.get("en", "") for one in scored.held) or "not answered"


def _score(value: Any, question: Question) -> int | None:
    if str(value).strip().lower() == _SKIPPED and question.skippable:
        return None
    try:
        score = int(float(value))
    except (TypeError, ValueError, OverflowError):
        score = 0
    if score not in question.scores:
        raise errors.BadRequestData(
            f"{str(value)[:40]!r} is no score of {question.id}",
            where="workbook",
            hint=str(list(question.scores)),
        )
    return score
