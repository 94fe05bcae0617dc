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


def test_tests_that_bear_the_same_id_are_kept_apart(tmp_path: Path) -> None:
    table: dict[str, conformance.Verdicts] = {}
    again = [LINES[1], LINES[1].replace("FAIL", "PASS"), LINES[0]]
    for _ in range(2):  # results given again replace, they do not add
        assert conformance.add_results(table, "memory", again) == 3
    assert {test: one.by_store["memory"] for test, one in table.items()} == {
        "002_01": "fail",
        "002_01 (2)": "pass",
        "001_01": "pass",
    }
    conformance.write_table(table, tmp_path / "t.csv")
    assert conformance.read_table(tmp_path / "t.csv") == table


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


def test_the_kept_results_are_of_every_store_and_say_why_where_one_is_not_passed() -> None:
    table, reasons = conformance.read_table(), conformance.read_disagreements()
    assert len(table) > 700, "the suite's open list has 706 tests"
    for test, one in table.items():
        assert set(one.by_store) == set(conformance.STORES), f"{test} was not run on every store"
        assert set(one.by_store.values()) == {"pass"} or test in reasons, f"{test} fails for no reason given"


def test_wrong_arguments_are_wrong_usage() -> None:
    assert conformance.main([]) == 2
    assert conformance.main(["oracle=results.jsonl"]) == 2
