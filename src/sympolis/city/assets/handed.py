"""Assets from files: programs, notebooks, contract templates and texts, of the city's package or handed in by people.

They are kept for people and never executed here, neither when they are published nor when they are installed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sympolis.city.assets import parts
from sympolis.dataspace.repository.draft import Component, Draft
from sympolis.dataspace.repository.kinds import HANDED_IN, WITH_CODE, Kind
from sympolis.dataspace.repository.manifest import NAME, PLACE
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.city.schema import City

Texts = Mapping[str, str]
_PLACES: Final[Mapping[Kind, tuple[str, str]]] = {
    Kind.PIPELINE: ("pipeline", "*.py"),
    Kind.NOTEBOOK: ("notebooks", "*.ipynb"),
    Kind.CONTRACT_TEMPLATE: ("policies", "*.toml"),
    Kind.LEARNING_MATERIAL: ("learning", "*"),
}
_NOT_TERMS: Final = ("roles", "release")
"""Files of ``policies/`` that say who works here; they are no contracts."""
_MOST_BYTES: Final = 16 << 20
_MOST_FILES: Final = 50
_FILE: Final = re.compile(PLACE, re.ASCII)
_NAMES: Final = re.compile(NAME, re.ASCII)
_FIRST: Final = re.compile(r'^\s*(?:"""|#)\s*(.+?)(?:"""|\n)', re.DOTALL)


def listed(city: City) -> Iterator[tuple[Kind, str, Texts]]:
    """Kind, name and title of the files of a package that can be published."""
    for kind, (folder, pattern) in _PLACES.items():
        for path in sorted((city.folder / folder).glob(pattern)):
            if path.is_file() and not path.is_symlink() and _publishable(kind, path):
                words = path.stem.replace("-", " ").replace("_", " ").capitalize()
                yield kind, path.stem, dict.fromkeys(city.facts.languages, words)


def draft_of_package(city: City, kind: Kind, name: str) -> Draft:
    """The draft of one of them. Raises ``NotFound``."""
    titles = {(one, called): title for one, called, title in listed(city)}
    if (kind, name) not in titles:
        raise errors.NotFound(f"this twin has no {kind} {name[:80]!r}", where="name")
    folder, pattern = _PLACES[kind]
    [path] = [one for one in (city.folder / folder).glob(pattern) if one.stem == name][:1]
    text = _first_words(path)
    description = dict.fromkeys(city.facts.languages, text) if text else {}
    content = {path.name: path.read_bytes()}
    return _draft(kind, name, titles[kind, name], description, city.facts.licence, content)


def draft_of_files(
    kind: Kind, name: str, *, title: Texts, description: Texts, licence: str, content: Mapping[str, bytes]
) -> Draft:
    """The draft of files that somebody hands in. Raises ``InvalidRequest``, ``PayloadTooLarge``."""
    if kind not in HANDED_IN:
        hint = "it is taken from the running twin"
        raise errors.InvalidRequest(f"files of a {kind} are not handed in", where="files", hint=hint)
    if _NAMES.fullmatch(name) is None:
        raise errors.InvalidRequest("a name has letters, digits, - and _", where="name")
    if not 1 <= len(content) <= _MOST_FILES:
        raise errors.InvalidRequest(f"1 to {_MOST_FILES} files are wanted", where="files")
    for place in content:
        if _FILE.fullmatch(place) is None:
            raise errors.InvalidRequest("is no name of a file", where=f"files.{place[:100]}")
    if sum(map(len, content.values())) > _MOST_BYTES:
        raise errors.PayloadTooLarge(f"files have at most {_MOST_BYTES >> 20} MB", where="files")
    return _draft(kind, name, title, description, licence, content)


def _draft(
    kind: Kind, name: str, title: Texts, description: Texts, licence: str, content: Mapping[str, bytes]
) -> Draft:
    code = "\n".join(code_in(place, body) for place, body in content.items()) if kind in WITH_CODE else ""
    return Draft(
        kind=kind,
        name=name,
        title=title,
        description=description,
        licence=licence,
        content=content,
        components=_components(code) if code else (),
    )


def _components(code: str) -> tuple[Component, ...]:
    found = {one.name: one for one in (*parts.components(()), *parts.imported(code))}
    return tuple(found.values())


def code_in(place: str, body: bytes) -> str:
    """The Python of a program or of a notebook's cells; '' for anything else."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    if place.endswith(".py"):
        return text
    return "\n".join(cells_of(text)) if place.endswith(".ipynb") else ""


def cells_of(text: str) -> list[str]:
    """The code cells of a notebook (nbformat 4), without lines for the shell; none for what is no notebook."""
    try:
        found = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return []
    cells = found.get("cells", []) if isinstance(found, dict) else []
    return [_plain(one) for one in cells if isinstance(one, dict) and one.get("cell_type") == "code"]


def _plain(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", "")
    lines = source if isinstance(source, list) else str(source).splitlines(keepends=True)
    return "".join(str(one) for one in lines if not str(one).lstrip().startswith(("%", "!")))


def _publishable(kind: Kind, path: Path) -> bool:
    named = _NAMES.fullmatch(path.stem) is not None and _FILE.fullmatch(path.name) is not None
    terms = kind is not Kind.CONTRACT_TEMPLATE or path.stem not in _NOT_TERMS
    return named and terms and not path.name.startswith("__") and path.stat().st_size <= _MOST_BYTES


def _first_words(path: Path) -> str:
    """What a program's docstring or a file's first comment says."""
    try:
        text = path.read_text("utf-8")[:4000]
    except (OSError, UnicodeDecodeError):
        return ""
    if path.suffix == ".toml":
        lines = [one.lstrip("# ") for one in text.splitlines()]
        return " ".join(
            lines[: next((n for n, one in enumerate(text.splitlines()) if not one.startswith("#")), 0)]
        )
    found = _FIRST.match(text)
    return " ".join(found[1].split())[:600] if found else ""
