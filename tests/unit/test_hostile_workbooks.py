"""Workbooks that are bombs, broken or hold no scores: refused before they cost anything."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from sympolis.assessment import workbook
from sympolis.assessment.questionnaire.model import default_questionnaire
from sympolis.domain import errors

openpyxl = pytest.importorskip("openpyxl")


def packed(**members: bytes) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as made:
        for name, body in members.items():
            made.writestr(name, body)
    return out.getvalue()


def refusal(raw: bytes) -> str:
    with pytest.raises(errors.BadRequestData) as refused:
        workbook.read(raw, default_questionnaire())
    return refused.value.message


def test_a_bomb_is_not_unpacked() -> None:
    bomb = packed(sheet=bytes(workbook._MOST_UNPACKED + 1))
    assert len(bomb) < 100_000
    assert "unpacked" in refusal(bomb)


@pytest.mark.parametrize("raw", [b"", b"PK", packed(a=b"b"), packed(**{"[Content_Types].xml": b"<a"})])
def test_what_is_no_workbook_is_said_to_be_none(raw: bytes) -> None:
    assert "no workbook" in refusal(raw)


def test_an_endless_score_is_none() -> None:
    book = openpyxl.Workbook()
    for row in (("Question", "Score"), ("Q001", "inf")):
        book.active.append(row)
    out = BytesIO()
    book.save(out)
    assert "no score" in refusal(out.getvalue())
