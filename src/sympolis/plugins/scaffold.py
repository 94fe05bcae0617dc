"""``sympolis new``: writes a simulator or a connector that passes its contract suite at once, to be made one's own."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

from sympolis.domain import errors

_TEMPLATES = Path(__file__).parent / "templates"
_NAME = re.compile(r"[a-z][a-z0-9_]{1,40}")
_TYPE = re.compile(r"[A-Z][A-Za-z0-9]{1,60}")
_SIMULATOR = {
    "pyproject.toml": "pyproject.toml.txt",
    "{id}/manifest.toml": "manifest.toml.txt",
    "{id}/__init__.py": "__init__.py.txt",
    "{id}/settings.py": "settings.py.txt",
    "{id}/model-card.md": "model-card.md.txt",
    "tests/test_{id}.py": "test_model.py.txt",
}
_CONNECTOR = {
    "pyproject.toml": "pyproject.toml.txt",
    "{id}/manifest.toml": "manifest.toml.txt",
    "{id}/__init__.py": "__init__.py.txt",
    "{id}/settings.py": "settings.py.txt",
    "{id}/README.md": "README.md.txt",
    "tests/test_{id}.py": "test_connector.py.txt",
}


def simulator(folder: Path, name: str, *, about: str, title: str = "") -> list[Path]:
    """Write the project of a simulator ``name`` into ``folder``; the files written.

    ``about`` is the entity type that its results refer to. Raises ``AlreadyExists`` and ``InvalidRequest``.
    """
    if not _TYPE.fullmatch(about):
        raise errors.InvalidRequest("is not an entity type", where="--about", hint="e.g. RoadSegment")
    return _written(folder, "simulator", _SIMULATOR, {**_facts(folder, name, title), "about": about})


def connector(folder: Path, name: str, *, title: str = "") -> list[Path]:
    """Write the project of a connector ``name`` into ``folder``; the files written.

    Raises ``AlreadyExists`` and ``InvalidRequest``.
    """
    return _written(folder, "connector", _CONNECTOR, _facts(folder, name, title))


def _facts(folder: Path, name: str, title: str) -> dict[str, str]:
    """What the templates want to know of a plugin. Raises ``AlreadyExists`` and ``InvalidRequest``."""
    if folder.exists():
        raise errors.AlreadyExists("is there already", where=str(folder), hint="choose another folder")
    if not _NAME.fullmatch(name):
        hint = "small letters, digits and underscores, e.g. night_noise"
        raise errors.InvalidRequest("cannot be a plugin's name", where=name, hint=hint)
    return {
        "id": name,
        "dashed": name.replace("_", "-"),
        "class_name": "".join(part.capitalize() for part in name.split("_")),
        "title": _plain(title) or name.replace("_", " ").capitalize(),
    }


def _written(folder: Path, kind: str, files: dict[str, str], facts: dict[str, str]) -> list[Path]:
    templates = _TEMPLATES / kind
    return [
        _write(
            folder / place.format(id=facts["id"]), (templates / template).read_text(encoding="utf-8"), facts
        )
        for place, template in files.items()
    ]


def _plain(title: str) -> str:
    """A title that cannot end the text in which it stands."""
    return re.sub(r"[^\w\s.,()-]", "", title).strip()[:80]


def _write(path: Path, template: str, facts: dict[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(Template(template).substitute(facts), encoding="utf-8")
    return path
