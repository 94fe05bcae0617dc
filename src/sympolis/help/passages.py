"""The documentation as passages: short pieces of a page, each below its heading, with the address that leads to it.

The pages come with the package (the folder ``docs`` of a checkout, or the wheel's own copy); nothing is read from
elsewhere. A term of the glossary is a passage, an address that a page refers to is a resource with its title.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from sympolis.domain import errors

SECTIONS: Final = ("tutorials", "howto", "explanation", "reference", "models", "decisions")
GLOSSARY: Final = "glossary"
_ASKED: Final = "asked"
_LONGEST: Final = 900
_PAGE: Final = re.compile(r"(?:[a-z]+/)?[A-Za-z0-9_-]{1,80}", re.ASCII)
_HEADING: Final = re.compile(r"^(#{1,4}) +(.+)$")
_IMAGE: Final = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_LINK: Final = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
_ROW: Final = re.compile(r"^\| (?!word |---)([^|]+) \| ([^|]+) \|", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """``page``: the page it is from, as ``howto/be-told``; '' for a resource. ``names``: the page's, by language."""

    page: str
    title: str
    text: str
    heading: str = ""
    address: str = ""
    """Where a resource is; '' for a page of our own."""
    names: Mapping[str, str] = field(default_factory=dict)
    asked: str = ""
    """How people ask for it, in their words; searched and not shown."""


def folder() -> Path:
    """Where the pages are. Raises ``NotFound`` for an installation without them."""
    checkout = Path(__file__).parents[3] / "docs"
    packaged = Path(str(files("sympolis"))) / "docs"
    found = next((one for one in (checkout, packaged) if (one / "howto").is_dir()), None)
    if found is None:
        raise errors.NotFound("this installation came without its documentation", where="docs")
    return found


def pages() -> list[str]:
    """Every page by its name: section and file, without ending."""
    home = folder()
    found = [f"{section}/{one.stem}" for section in SECTIONS for one in sorted((home / section).glob("*.md"))]
    return [GLOSSARY, *(one for one in found if not one.endswith("/README"))]


def read(page: str) -> str:
    """A page in Markdown. Raises ``NotFound``."""
    if not _PAGE.fullmatch(page) or page not in pages():
        raise errors.NotFound(f"there is no page {page[:60]!r}", where="page", hint="see /api/help/pages")
    return (folder() / f"{page}.md").read_text("utf-8")


def title_of(text: str) -> str:
    """The first heading of a page."""
    found = next((match for line in text.splitlines() if (match := _HEADING.match(line))), None)
    return bare(found[2]) if found else ""


@cache
def names() -> Mapping[str, Mapping[str, str]]:
    """What pages are called in other languages, by page."""
    found: dict[str, dict[str, str]] = _table("pages.toml")
    return {page: {name: text for name, text in one.items() if name != _ASKED} for page, one in found.items()}


@cache
def asked() -> Mapping[str, str]:
    """How people ask for what a page tells, by page."""
    return {page: one[_ASKED] for page, one in _table("pages.toml").items() if _ASKED in one}


def passages() -> list[Passage]:
    """Everything that can be found: passages of pages, terms of the glossary, resources that pages refer to."""
    found: list[Passage] = []
    linked: dict[str, str] = {}
    for page in pages():
        text = _COMMENT.sub("", read(page))
        found += terms(text) if page == GLOSSARY else split(page, text)
        linked |= {address: title for title, address in _LINK.findall(text) if _is_elsewhere(title, address)}
    return [*found, *resources(linked)]


def terms(text: str) -> list[Passage]:
    """The terms of the glossary."""
    return [
        Passage(
            page=GLOSSARY,
            title="Glossary",
            heading=bare(word),
            text=bare(meaning),
            names=names().get(GLOSSARY, {}),
        )
        for word, meaning in _ROW.findall(text)
    ]


def resources(linked: Mapping[str, str]) -> list[Passage]:
    """Our list of resources with its words in three languages, and what the pages refer to beside it."""
    listed: list[dict[str, Any]] = _table("resources.toml")["resources"]
    known = [
        Passage(
            page="",
            title=one["title"],
            text=one["about"]["en"],
            address=one["address"],
            names={language: words for language, words in one["about"].items() if language != "en"},
        )
        for one in listed
    ]
    there = {one.address.rstrip("/") for one in known}
    others = {address: title for address, title in linked.items() if address.rstrip("/") not in there}
    return [
        *known,
        *(Passage(page="", title=bare(title), text="", address=at) for at, title in others.items()),
    ]


def split(page: str, text: str) -> Iterator[Passage]:
    """The passages of a page: what stands below a heading, in pieces of bounded length."""
    title, heading = title_of(text), ""
    for block in _blocks(text):
        if (found := _HEADING.match(block)) is not None:
            heading = "" if len(found[1]) == 1 else bare(found[2])
        else:
            called, words = names().get(page, {}), asked().get(page, "")
            yield Passage(page=page, title=title, heading=heading, text=block, names=called, asked=words)


def _blocks(text: str) -> Iterator[str]:
    """Headings, and between them paragraphs joined up to the longest."""
    held = ""
    for paragraph in _paragraphs(text):
        if _HEADING.match(paragraph):
            yield from (held,) if held else ()
            held = ""
            yield paragraph
            continue
        said = bare(paragraph)[: 4 * _LONGEST]
        if held and len(held) + len(said) > _LONGEST:
            yield held
            held = ""
        held = f"{held}\n{said}" if held else said
    if held:
        yield held


def _paragraphs(text: str) -> Iterator[str]:
    lines: list[str] = []
    fenced = False
    for line in text.splitlines():
        fenced ^= line.lstrip().startswith("```")
        alone = not fenced and _HEADING.match(line) is not None
        if (alone or not (line.strip() or fenced)) and lines:
            yield "\n".join(lines)
            lines = []
        if alone:
            yield line
        elif line.strip():
            lines.append(line)
    if lines:
        yield "\n".join(lines)


def bare(text: str) -> str:
    """Markdown without what only shapes it."""
    without = _LINK.sub(r"\1", _IMAGE.sub("", text))
    kept = (line for line in without.splitlines() if not line.lstrip().startswith(("```", "|---")))
    return "\n".join(kept).replace("**", "").replace("`", "").strip()


def _is_elsewhere(title: str, address: str) -> bool:
    return address.startswith("https://") and not title.startswith("http") and len(title) > 2


def _table(name: str) -> Any:
    return tomllib.loads(files(__package__).joinpath(name).read_text("utf-8"))


def of_city(stories: Iterable[tuple[str, str, str]]) -> list[Passage]:
    """Pages of the twin itself: (address behind ``#/``, title, text)."""
    return [Passage(page="", title=title, text=text, address=f"#/{view}") for view, title, text in stories]
