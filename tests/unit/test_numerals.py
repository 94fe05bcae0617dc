"""Numbers that people read have their language's signs and a true minus, in every document; nothing else is touched."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sympolis.decision.printing.pdf import _plain
from sympolis.domain.numerals import Writing, as_written
from sympolis.orchestration.planning import report

UI = Path(__file__).parents[2] / "ui" / "src"


@pytest.mark.parametrize(
    ("language", "written"), [("it", "−1.234,5"), ("de", "−1.234,5"), ("en", "−1,234.5")]
)
def test_signs_are_those_of_the_language(language: str, written: str) -> None:
    assert as_written(f"{-1234.5:,}", language) == written
    assert report._number(-1234.4, language) == written[:-2]
    assert Writing(language).format("{value:,} at P-1", value=-1234.5) == f"{written} at P-1"


def test_groups_may_be_told_apart_by_another_sign() -> None:
    assert as_written("-1,234.5", "de", groups="\u00a0") == "−1\u00a0234,5"


def test_a_pdf_has_fonts_for_every_sign_of_a_figure() -> None:
    pytest.importorskip("reportlab")
    from reportlab.pdfbase.ttfonts import TTFont

    told = _plain("−1.234,5 ± 2 … CO₂ ≥ 3 ≤ 4 ≈ 5 → m² m³ µg · °")
    assert told.startswith("−1.234,5")
    for file in ("Vera.ttf", "VeraBd.ttf"):
        known = TTFont(file, file).face.charToGlyph
        assert not [sign for sign in told if ord(sign) not in known], file


def test_the_interface_writes_numbers_in_one_place() -> None:
    """Intl writes a hyphen for a minus in all three languages: whoever asks it directly shows one."""
    asking = {
        path.relative_to(UI).as_posix(): len(re.findall(r"Intl\.NumberFormat\(|\.toLocaleString\(", text))
        for path in UI.rglob("*")
        if path.suffix in {".ts", ".svelte"} and "NumberFormat(" in (text := path.read_text(encoding="utf-8"))
    }
    assert asking == {"i18n/index.ts": 1}
