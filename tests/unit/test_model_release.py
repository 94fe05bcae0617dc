"""A model's results are named after its code, not only after the number it gives itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module, invalidate_caches
from pathlib import Path

import pytest

from sympolis.orchestration.release import release
from sympolis.testing.simulators import ToySimulator

CODE = "from sympolis.testing.simulators import ToySimulator\n\n\nclass Model(ToySimulator):\n    version = '2.0.0'\n"


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("model_of_test")]:
        del sys.modules[name]


def written(folder: Path, name: str, **others: str) -> str:
    """The release of a plugin package with these files beside its ``__init__.py``."""
    package = folder / name
    package.mkdir()
    (package / "__init__.py").write_text(CODE)
    for stem, text in others.items():
        (package / f"{stem}.py").write_text(text)
    invalidate_caches()
    return release(import_module(name).Model)


def test_equal_code_has_an_equal_name_and_any_file_counts(plugins: Path) -> None:
    first = written(plugins, "model_of_test_a", helper="LIMIT = 1\n")
    same = written(plugins, "model_of_test_b", helper="LIMIT = 1\n")
    other = written(plugins, "model_of_test_c", helper="LIMIT = 2\n")
    assert first == same != other
    assert first.startswith("2.0.0-") and len(first) == len("2.0.0-") + 8


def test_a_model_in_a_module_is_named_after_it() -> None:
    assert release(ToySimulator).startswith("1.0.0-")
