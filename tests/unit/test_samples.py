"""Building samples runs a package's own pipeline and says which module could not do its part."""

from pathlib import Path

import pytest

from sympolis.city import samples
from sympolis.domain import errors

MODULE = """
from .shared import NAME
def build(pack, out):
    out.mkdir(parents=True, exist_ok=True)
    (out / NAME).write_text((pack / "raw.txt").read_text().upper())
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pipeline = tmp_path / "city" / "pipeline"
    pipeline.mkdir(parents=True)
    (pipeline / "one.py").write_text(MODULE)
    (pipeline / "shared.py").write_text('NAME = "one.csv"\n')
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "raw.txt").write_text("data")
    return tmp_path / "city"


def test_tables_are_derived_and_listed(folder: Path, tmp_path: Path) -> None:
    assert [table.path for table in samples.build(folder, tmp_path / "pack")] == ["one.csv"]
    assert (folder / "samples" / "one.csv").read_text() == "DATA"


def test_missing_source_data_names_the_module(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "pack" / "raw.txt").unlink()
    with pytest.raises(errors.CityPackageInvalid) as refused:
        samples.build(folder, tmp_path / "pack")
    assert refused.value.where == "pipeline/one.py"


def test_a_missing_pack_and_a_missing_pipeline_are_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(errors.CityPackageInvalid, match="no such folder"):
        samples.build(folder, tmp_path / "absent")
    with pytest.raises(errors.CityPackageInvalid, match="no pipeline"):
        samples.build(tmp_path / "pack", tmp_path / "pack")


def test_a_pipeline_that_does_not_load_names_what_it_lacks(folder: Path, tmp_path: Path) -> None:
    (folder / "pipeline" / "one.py").write_text("import no_such_library\n")
    with pytest.raises(errors.CityPackageInvalid, match="no_such_library"):
        samples.build(folder, tmp_path / "pack")
