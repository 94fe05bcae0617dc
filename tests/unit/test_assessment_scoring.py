"""Scores follow evidence rung by rung; answers of people take its place; levels claim no more than checks prove."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from sympolis.assessment import mims, workbook
from sympolis.assessment.evidence import examine
from sympolis.assessment.evidence.checks import CHECKS
from sympolis.assessment.questionnaire import Answer, Basis, assess, default_questionnaire
from sympolis.assessment.questionnaire.scoring import proposal
from sympolis.assessment.register import register
from sympolis.domain import errors
from sympolis.testing.exemplary import LEARNED, exemplary

FORM = default_questionnaire()
FINDINGS = examine(exemplary())


def test_the_questionnaire_has_its_36_questions_and_every_ladder_stands_on_known_checks() -> None:
    assert [one.id for one in FORM.questions] == [f"Q{number:03}" for number in range(1, 37)]
    for one in FORM.questions:
        assert set(one.ladder) <= set(one.scores), one.id
        assert set(one.checks()) <= set(CHECKS), one.id
        assert {*one.text} == {*one.aim} == {"it", "de", "en"}
        assert one.area in FORM.areas


def test_a_rung_that_does_not_hold_stops_the_climb() -> None:
    question = FORM.get("Q010")
    findings = examine(replace(exemplary(), identity="open"))
    assert proposal(question, findings) == (2, ("identity-required",))


def test_an_exemplary_twin_reaches_the_target_from_evidence_alone_and_every_claim_is_traceable() -> None:
    found = assess(FORM, FINDINGS, {})
    assert found.average > FORM.target
    for one in found.scores:
        if one.basis is Basis.EVIDENCE and one.score != 1:
            assert one.held and all(held.links for held in one.held), one.question.id


def test_what_needs_a_person_is_proposed_and_not_counted() -> None:
    one = next(it for it in assess(FORM, FINDINGS, {}).scores if it.question.confirm)
    assert one.proposed == 5 and one.score == 1 and one.basis is Basis.NONE


def test_an_answer_takes_the_place_of_evidence_and_not_applicable_is_left_out() -> None:
    before = assess(FORM, FINDINGS, {})
    answers = {
        "Q015": Answer(question="Q015", score=5, reason="reviewed"),
        "Q016": Answer(question="Q016", score=None, reason="nothing is exchanged"),
    }
    after = assess(FORM, FINDINGS, answers)
    counted = [one.score for one in after.scores if one.score is not None]
    assert len(counted) == 35 and after.average == sum(counted) / 35 > before.average
    assert after.to_json()["by_basis"]["answer"] == 1


@pytest.mark.parametrize(
    ("average", "title"),
    [(1.0, "Ad hoc"), (2.0, "Ad hoc"), (2.01, "Opportunistic"), (4.2, "Sustainable"), (5.0, "Seamless")],
)
def test_bands_end_where_the_sheet_ends_them(average: float, title: str) -> None:
    assert FORM.band(average).title["en"] == title


def test_levels_of_mims_follow_their_requirements() -> None:
    securing = next(one for one in mims.mechanisms() if one.id == "MIM6")
    assert mims.level(securing, FINDINGS) is mims.Level.FULL
    assert mims.level(securing, examine(replace(exemplary(), encrypted=False))) is mims.Level.PARTIAL
    bare = replace(
        exemplary(), encrypted=False, identity="open", parts=exemplary().parts - {"access", "audit"}
    )
    assert mims.level(securing, examine(bare)) is mims.Level.INITIAL
    assert mims.level(securing, examine(replace(bare, parts=frozenset()))) is mims.Level.NONE


def test_mims_name_known_checks_and_five_foundational_ones() -> None:
    assert [one.id for one in mims.mechanisms()] == [f"MIM{number}" for number in range(9)]
    assert {check for one in mims.mechanisms() for it in one.requirements for check in it.checks} <= set(
        CHECKS
    )
    assert sum(one.foundational for one in mims.mechanisms()) == 5


def test_the_register_says_what_is_declared_and_what_is_missing() -> None:
    found = register(exemplary())
    [system] = found["systems"]
    assert system["role"] == "provider and deployer" and system["missing"] == []
    assert system["notice"]["en"].startswith(
        "This result comes from a model learned from data (Counts 1.0.0)"
    )
    silent = replace(LEARNED, risk="", oversight={}, owner="Another")
    [system] = register(replace(exemplary(), models=(silent,)))["systems"]
    assert system["risk"] is None and system["notice"] == {} and len(system["missing"]) == 2
    assert system["role"] == "deployer"
    forecast = replace(LEARNED, id="forecast-counts", risk="")
    told = register(replace(exemplary(), models=(), forecasters=(forecast,)))["systems"]
    assert [(one["id"], len(one["missing"])) for one in told] == [("forecast-counts", 1)]
    assert not examine(replace(exemplary(), forecasters=(forecast,)))["risk-stated"].met


def sheet(rows: list[list[object]]) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_workbook_is_filled_and_read_back() -> None:
    blank = sheet([["Id", "Question", "Score"], *([f"{one.id}. …", "…", None] for one in FORM.questions)])
    answers = {"Q016": Answer(question="Q016", score=None, reason="=none", by="anna", at="2026-03-02")}
    filled = workbook.fill(blank, assess(FORM, FINDINGS, answers))
    found = workbook.read(filled, FORM)
    assert len(found) == 36 and found["Q016"] is None
    assert found["Q021"] == 5
    assert all(not str(text).startswith("=") for text in evidence_of(filled))


def evidence_of(filled: bytes) -> list[object]:
    import openpyxl

    page = openpyxl.load_workbook(io.BytesIO(filled)).active
    assert page is not None and page.cell(1, 4).value == "Evidence"
    return [page.cell(row, 4).value for row in range(2, 38)]


def test_a_workbook_without_a_column_of_scores_gets_one() -> None:
    blank = sheet([["Question"], ["Q001 To what extent …"]])
    assert workbook.read(workbook.fill(blank, assess(FORM, FINDINGS, {})), FORM) == {"Q001": 4}


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 broken", sheet([["nothing"]]), sheet([["Id", "Score"], ["Q030", 2]])]
)  # fmt: skip
def test_what_is_no_workbook_or_no_score_is_refused(content: bytes) -> None:
    with pytest.raises(errors.BadRequestData):
        workbook.read(content, FORM)
