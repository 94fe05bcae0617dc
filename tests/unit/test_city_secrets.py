"""A source that names a secret is checked against local/secrets.toml, as a warning."""

from pathlib import Path

import pytest

from sympolis.city import check
from sympolis.testing.small_city import write_package

SOURCE = """
id = "counts"
connector = "mqtt"
mapping = "counts"
path = "samples/counts.ndjson"
url = "https://data.smallville.example/counts"
licence = "CC0-1.0"
owner = "Town of Smallville"
attribution = "Town of Smallville"
title = { en = "Counts" }
[settings]
topics = ["counts/{loop}"]
user = "twin"
password = "broker"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = write_package(tmp_path / "smallville")
    (found / "sources" / "counts.toml").write_text(SOURCE)
    hours = ",".join(f'"h{hour:02d}": 1' for hour in range(24))
    (found / "samples" / "counts.ndjson").write_text(
        f'{{"topic": "counts/0", "payload": {{"date": "2026-03-01", {hours}}}}}\n'
    )
    return found


def findings(folder: Path) -> list[tuple[str, bool]]:
    return [(one.where, one.error) for one in check.check(folder)]


def test_a_secret_that_is_missing_is_a_warning(folder: Path) -> None:
    assert findings(folder) == [("smallville/sources/counts.toml: settings.password", False)]


def test_a_secret_that_is_there_is_none(folder: Path) -> None:
    (folder / "local").mkdir()
    (folder / "local" / "secrets.toml").write_text('broker = "s3cret"\n')
    assert findings(folder) == []


def test_a_file_of_secrets_that_cannot_be_read_is_an_error(folder: Path) -> None:
    (folder / "local").mkdir()
    (folder / "local" / "secrets.toml").write_text("broker = 7\n")
    assert findings(folder) == [("smallville/local/secrets.toml", True)]
