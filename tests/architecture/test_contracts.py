"""The dependency rule holds, and would be seen to break; functions stay short enough to read."""

import ast
import os
import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src"

BREACHES = {
    "Layers: outside in": ("domain/zz.py", "import sympolis.context.store"),
    "A plugin knows the contract, never the platform": (
        "plugins/services/zz.py",
        "import sympolis.context.store",
    ),
    "Plugins do not know each other": (
        "plugins/connectors/csv/zz.py",
        "import sympolis.plugins.connectors.geojson",
    ),
    "Nothing imports a concrete plugin": ("city/zz.py", "import sympolis.plugins.connectors.csv"),
    "Standards do not import each other": ("api/ogc/zz.py", "import sympolis.api.ngsi_ld"),
    "The client speaks HTTP to any twin and knows nothing of its inside": (
        "client/zz.py",
        "import sympolis.context.store",
    ),
    "The domain uses the standard library, and msgspec for its records": ("domain/zy.py", "import shapely"),
    "Test kit stays out of production": ("acquisition/zz.py", "import sympolis.testing"),
}
"""For each contract, a module that would break it and nothing else it is about."""


def lint_imports(sources, folder):
    """The contracts of pyproject.toml on a source tree, as (exit code, report)."""
    command = [
        str(Path(sys.executable).with_name("lint-imports")),
        "--config",
        str(ROOT / "pyproject.toml"),
        "--no-cache",
    ]
    environment = {**os.environ, "PYTHONPATH": str(sources), "COLUMNS": "200", "NO_COLOR": "1"}
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return run.returncode, run.stdout + run.stderr


def test_the_dependency_rule_is_kept(tmp_path):
    code, report = lint_imports(SOURCES, tmp_path)
    assert code == 0, report


def test_breaking_any_contract_is_noticed(tmp_path):
    tree = tmp_path / "src"
    shutil.copytree(SOURCES, tree, ignore=shutil.ignore_patterns("assets", "__pycache__"))
    for path, line in BREACHES.values():
        (tree / "sympolis" / path).write_text(line + "\n")
    code, report = lint_imports(tree, tmp_path)
    assert code != 0
    assert set(re.findall(r"^(.+) BROKEN", report, re.MULTILINE)) == set(BREACHES), report


def function_lengths():
    """Body lines of every function under src/sympolis, docstrings left out."""
    for path in sorted((SOURCES / "sympolis").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
                lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
                yield lines, f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"


def test_functions_fit_the_eye():
    """Half of all functions have at most 10 body lines, nine in ten at most 30 (style, section 5)."""
    found = sorted(function_lengths(), reverse=True)
    lengths = [lines for lines, _ in found]
    assert statistics.median(lengths) <= 10
    p90 = statistics.quantiles(lengths, n=10)[-1]
    assert p90 <= 30, f"longest: {found[:20]}"


@pytest.mark.parametrize(
    "name", ["utils", "util", "helpers", "helper", "misc", "common", "manager", "managers"]
)
def test_no_module_is_named_after_nothing(name):
    assert not list((SOURCES / "sympolis").rglob(f"{name}.py"))
    assert not list((SOURCES / "sympolis").rglob(f"{name}/__init__.py"))


def test_every_module_says_why_it_exists():
    silent = [
        str(path.relative_to(ROOT))
        for path in (SOURCES / "sympolis").rglob("*.py")
        if path.read_text("utf-8").strip() and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert not silent
