"""Who writes a Coverage entity names a file of the package: what is wrong with that file must not quote it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sympolis.city import grids
from sympolis.domain import errors

PLACE = {"crs": "EPSG:32632", "west": 0, "north": 0, "cellSize": 10, "columns": 1, "lines": 1, "scale": 1}


def test_a_file_that_is_no_grid_is_not_quoted(tmp_path: Path) -> None:
    (tmp_path / "local").mkdir()
    (tmp_path / "local/secrets.toml").write_text('# keys\nportal = "s3cr3t"\n', encoding="utf-8")
    with pytest.raises(errors.SourceFailed) as refused:
        grids.read(tmp_path, {**PLACE, "file": "local/secrets.toml"})
    assert "s3cr3t" not in f"{refused.value} {refused.value.where} {refused.value.hint}"
    assert str(tmp_path) not in f"{refused.value} {refused.value.where}"
