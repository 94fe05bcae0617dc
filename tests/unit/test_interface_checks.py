"""The page of the interface's checks names tests that exist, for all eighteen."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "interface-checks.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def test_every_check_is_proven_by_tests_that_exist() -> None:
    rows = [line for line in PAGE.splitlines() if re.match(r"\| \d", line)]
    assert [int(line.split("|")[1]) for line in rows] == list(range(1, 19))
    assert all(NAMED.search(line) for line in rows)
    for file, name in NAMED.findall(PAGE):
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8") or not name, (file, name)
