"""Summarise results of the public ETSI NGSI-LD suite: `python -m docs.conformance STORE=RESULTS.jsonl …`.

A line of the results has at least `id`, `status` (PASS or FAIL) and `tags` (clauses as `5_7_2`). What is kept of them
is a compact table, `conformance-results.csv`: test, clauses, a verdict for each store; nothing of the suite's own text.
Results given now replace those of the same test and store, so the suite can be run folder by folder. Several tests of
the suite bear the same id: from the second one in a file of results on they are numbered, `019_01_06 (2)`, so give all
of them in one file. Reasons why a test is not passed stand in `conformance-disagreements.toml`, by test, each with the
clause that speaks against the test.
"""

from __future__ import annotations

import csv
import json
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
TABLE = DOCS / "conformance-results.csv"
DISAGREEMENTS = DOCS / "conformance-disagreements.toml"
STORES = ("memory", "embedded", "postgresql")
VERDICTS = {"PASS": "pass", "FAIL": "fail"}
_CLAUSE = re.compile(r"\d+(_\d+)+")


@dataclass(slots=True)
class Verdicts:
    """One test: the clauses it is about, and how it ended by store."""

    clauses: tuple[str, ...]
    by_store: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Why a test is not passed: the clause that speaks against it, and what it says, in our own words."""

    clause: str
    reason: str


def read_table(path: Path = TABLE) -> dict[str, Verdicts]:
    """The committed table, by test; empty where there is none."""
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {
            row["test"]: Verdicts(
                tuple(row["clauses"].split()), {store: row[store] for store in STORES if row[store]}
            )
            for row in csv.DictReader(file)
        }


def write_table(table: Mapping[str, Verdicts], path: Path = TABLE) -> None:
    """The table as CSV, in the order of the tests' names."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["test", "clauses", *STORES])
        for test, found in sorted(table.items()):
            writer.writerow([test, " ".join(found.clauses), *(found.by_store.get(one, "") for one in STORES)])


def read_disagreements(path: Path = DISAGREEMENTS) -> dict[str, Disagreement]:
    """Documented disagreements, by test."""
    if not path.exists():
        return {}
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    return {test: Disagreement(one["clause"], one["reason"]) for test, one in found.items()}


def add_results(table: dict[str, Verdicts], store: str, lines: Iterable[str]) -> int:
    """Take the results of one run on a store into the table; how many there were."""
    found = [json.loads(line) for line in lines if line.strip()]
    for test, result in _numbered(found):
        clauses = {tag.replace("_", ".") for tag in result["tags"] if _CLAUSE.fullmatch(tag)}
        one = table.setdefault(test, Verdicts(()))
        one.clauses = tuple(sorted(clauses, key=place))
        one.by_store[store] = VERDICTS[result["status"]]
    return len(found)


def _numbered(results: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each result under a name of its own: what bears an id again must not hide what bore it before."""
    borne: Counter[str] = Counter()
    for result in results:
        test = result["id"]
        borne[test] += 1
        yield test if borne[test] == 1 else f"{test} ({borne[test]})", result


def place(clause: str) -> tuple[int, ...]:
    """Where a clause stands in the standard."""
    return tuple(int(part) for part in clause.split("."))


def section(
    table: Mapping[str, Verdicts], disagreements: Mapping[str, Disagreement], titles: Mapping[str, str]
) -> str:
    """The section of docs/conformance.md about the suite; `titles` are of operations, by clause."""
    stores = [store for store in STORES if any(store in one.by_store for one in table.values())]
    if not stores:
        return ""
    return _HEAD + "\n".join(
        [
            *_totals(table, stores),
            "",
            *_by_clause(table, stores, titles),
            "",
            *_not_passed(table, disagreements, stores),
            "",
            "",
        ]
    )


_HEAD = """## The public ETSI test suite

How the NGSI-LD test suite of ETSI (for v1.9.1) ends, by store; `-` stands for what was not run. A test that is about
several clauses counts in each of them.

"""


def _totals(table: Mapping[str, Verdicts], stores: list[str]) -> Iterator[str]:
    yield "| store | tests run | passed | share |"
    yield "|---|---|---|---|"
    for store in stores:
        passed, run = _count(table.values(), store)
        yield f"| {store} | {run} | {passed} | {passed / run:.1%} |"


def _by_clause(table: Mapping[str, Verdicts], stores: list[str], titles: Mapping[str, str]) -> Iterator[str]:
    groups: dict[str, list[Verdicts]] = {}
    for one in table.values():
        for clause in one.clauses:
            groups.setdefault(clause, []).append(one)
    yield f"| clause | operation | tests | {' | '.join(stores)} |"
    yield "|---|---|---|" + "---|" * len(stores)
    for clause in sorted(groups, key=place):
        cells = " | ".join(_share(*_count(groups[clause], store)) for store in stores)
        yield f"| {clause} | {titles.get(clause, '')} | {len(groups[clause])} | {cells} |"


def _not_passed(
    table: Mapping[str, Verdicts], disagreements: Mapping[str, Disagreement], stores: list[str]
) -> Iterator[str]:
    yield "### Not passed"
    yield ""
    failed = {test: one for test, one in sorted(table.items()) if "fail" in one.by_store.values()}
    if not failed:
        yield "None."
        return
    yield "| test | clauses | on | why |"
    yield "|---|---|---|---|"
    for test, one in failed.items():
        where = ", ".join(store for store in stores if one.by_store.get(store) == "fail")
        known = disagreements.get(test)
        why = "open" if known is None else f"clause {known.clause}: {known.reason}"
        yield f"| {test} | {' '.join(one.clauses)} | {where} | {why} |"


def _count(found: Iterable[Verdicts], store: str) -> tuple[int, int]:
    verdicts = [one.by_store[store] for one in found if store in one.by_store]
    return verdicts.count("pass"), len(verdicts)


def _share(passed: int, run: int) -> str:
    if not run:
        return "-"
    return "all" if passed == run else f"{passed} of {run}"


def main(arguments: list[str]) -> int:
    """Take results in and write the page anew; 2 where an argument is not STORE=FILE."""
    from docs import generate

    pairs = [argument.partition("=")[::2] for argument in arguments]
    if not pairs or any(store not in STORES or not file for store, file in pairs):
        sys.stderr.write(
            f"usage: python -m docs.conformance STORE=RESULTS.jsonl …, STORE one of {', '.join(STORES)}\n"
        )
        return 2
    table = read_table()
    for store, file in pairs:
        count = add_results(table, store, Path(file).read_text(encoding="utf-8").splitlines())
        sys.stdout.write(f"{count} results on {store} from {file}\n")
    write_table(table)
    generate.write("conformance.md")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
