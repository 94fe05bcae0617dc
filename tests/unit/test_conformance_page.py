"""The page of the suite's results: what is kept of them, and what it says."""

import json
from pathlib import Path

from docs import conformance

LINES = [
    json.dumps({"id": "001_01", "status": "PASS", "tags": ["5_6_1", "since_v1.5.1"], "message": "kept out"}),
    json.dumps({"id": "002_01", "status": "FAIL", "tags": ["5_6_1", "6_3_4", "5_13_4"]}),
    "",
]


def test_results_are_kept_by_test_and_store(tmp_path: Path) -> None:
    table: dict[str, conformance.Verdicts] = {}
    assert conformance.add_results(table, "memory", LINES) == 2
    conformance.add_results(table, "postgresql", [LINES[1].replace("FAIL", "PASS")])
    conformance.write_table(table, tmp_path / "t.csv")
    assert "kept out" not in (tmp_path / "t.csv").read_text()
    again = conformance.read_table(tmp_path / "t.csv")
    assert again == table
    assert again["002_01"].clauses == ("5.6.1", "5.13.4", "6.3.4")
    assert again["002_01"].by_store == {"memory": "fail", "postgresql": "pass"}


def test_the_section_counts_by_clause_and_says_why() -> None:
    table: dict[str, conformance.Verdicts] = {}
    conformance.add_results(table, "memory", LINES)
    reasons = {"002_01": conformance.Disagreement("6.3.4", "wants another status")}
    told = conformance.section(table, reasons, {"5.6.1": "Create an entity"})
    assert "| memory | 2 | 1 | 50.0% |" in told
    assert "| 5.6.1 | Create an entity | 2 | 1 of 2 |" in told
    assert "| 002_01 | 5.6.1 5.13.4 6.3.4 | memory | clause 6.3.4: wants another status |" in told
    assert "| 002_01 | 5.6.1 5.13.4 6.3.4 | memory | open |" in conformance.section(table, {}, {})
    assert conformance.section({}, {}, {}) == ""


def test_every_disagreement_names_a_test_that_fails_and_a_clause() -> None:
    table = conformance.read_table()
    for test, one in conformance.read_disagreements().items():
        assert "fail" in table[test].by_store.values(), f"{test} is passed: take its disagreement out"
        assert conformance.place(one.clause)
        assert one.reason


def test_wrong_arguments_are_wrong_usage() -> None:
    assert conformance.main([]) == 2
    assert conformance.main(["oracle=results.jsonl"]) == 2
