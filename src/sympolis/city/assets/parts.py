"""What every asset says beside its content: the words it uses, what it needs and gives, and what it runs with."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from sympolis import __version__
from sympolis.dataspace.discovery import needing
from sympolis.dataspace.repository.draft import Component, Draft
from sympolis.dataspace.repository.manifest import Required
from sympolis.plugins import loader

if TYPE_CHECKING:
    from sympolis.orchestration.gather import Names
    from sympolis.plugins.simulator import Simulator

Json = dict[str, Any]
Texts = Mapping[str, str]
PLUGIN: Final = "plugin"
PLATFORM: Final = "platform"
OWN_LICENCE: Final = "Apache-2.0"
_MOST_TERMS: Final = 500
_LANGUAGES: Final = ("it", "de", "en")


def terms_in(document: Any, context: Mapping[str, Any], names: Names) -> dict[str, str]:
    """The terms of the city's own context that a document uses, and what they stand for."""
    known = {term for term in context.get("@context", {}) if not term.startswith("@")}
    found = sorted({word for word in _words(document) if word in known})[:_MOST_TERMS]
    return {term: iri for term in found if ":" in (iri := names.expand(term))}


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield str(key)
            yield from _words(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _words(one)


def needs_of(model: str, simulator: type[Simulator], names: Names) -> Iterator[Json]:
    """What a model reads from a twin, in words that other twins understand."""
    for need in simulator.needs:
        if not need.linked:
            yield {"model": model, **needing.document(need, names)}


def plugin(simulator: str) -> Required:
    """The simulator that must be installed."""
    known = loader.simulators()
    version = known.manifest(simulator).version if simulator in known else ""
    return Required(what=PLUGIN, name=simulator, version=version)


def components(simulators: Iterable[str]) -> tuple[Component, ...]:
    """The platform, the plugins and the libraries that their extras bring, as they are installed here."""
    found = {
        "sympolis": Component(name="sympolis", version=__version__, licence=OWN_LICENCE, kind="framework")
    }
    known = loader.simulators()
    for name in simulators:
        if name not in known:
            continue
        manifest = known.manifest(name)
        found[name] = Component(
            name=name, version=manifest.version, licence=manifest.licence, kind="application"
        )
        for extra in (one.partition(":")[2] for one in manifest.needs if one.startswith("extra:")):
            found |= {one.name: one for one in _of_extra(extra)}
    return tuple(found.values())


def imported(code: str) -> tuple[Component, ...]:
    """The libraries that a program imports; none where it cannot be read."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    return tuple(one for name in sorted(_modules(tree)) if (one := _library(name)) is not None)


def _modules(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {one.name.partition(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names - {"__future__"}


def _library(module: str) -> Component | None:
    """The distribution that has a module; one of which nothing is known where it is not installed here."""
    names = _distributions().get(module)
    return Component(name=module) if not names else installed(names[0])


@cache
def _distributions() -> Mapping[str, list[str]]:
    return importlib.metadata.packages_distributions()


@cache
def _of_extra(extra: str) -> tuple[Component, ...]:
    try:
        wanted = importlib.metadata.requires("sympolis") or []
    except importlib.metadata.PackageNotFoundError:
        return ()
    marker = re.compile(rf"extra\s*==\s*['\"]{re.escape(extra)}['\"]")
    names = [_distribution(one) for one in wanted if marker.search(one)]
    return tuple(installed(name) for name in names if name != "sympolis")


@cache
def required(name: str) -> tuple[str, ...]:
    """The distributions, by canonical name, that one requires and that are installed here; its extras left out."""
    try:
        wanted = importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return ()
    names = {canonical(_distribution(one)) for one in wanted if "extra" not in one.partition(";")[2]}
    return tuple(one for one in sorted(names) if installed(one).version)


def canonical(name: str) -> str:
    """A distribution's name as PyPI compares them (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _distribution(requirement: str) -> str:
    """The name in a requirement such as ``scipy>=1.11; extra == 'heat'``."""
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]


@cache
def installed(name: str) -> Component:
    """A distribution as it is installed here; nothing but its name where it is not."""
    if name == "sympolis":
        return Component(name=name, version=__version__, licence=OWN_LICENCE, kind="framework")
    try:
        told = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return Component(name=name)
    return Component(name=name, version=_first(told, "Version"), licence=_licence(told))


def _first(told: Any, field: str) -> str:
    """A field of a distribution's metadata; '' where it has none."""
    return str((told.get_all(field) or [""])[0]).strip()


def _licence(told: Any) -> str:
    """What a distribution says: an SPDX expression, else a short text, else its classifier."""
    for field in ("License-Expression", "License"):
        text = _first(told, field)
        if text and len(text) <= 80 and "\n" not in text:
            return text
    classified = [one for one in told.get_all("Classifier") or () if one.startswith("License ::")]
    return classified[-1].rpartition(":: ")[2] if classified else ""


def readme(draft: Draft) -> str:
    """What people read first, in every language that the asset has."""
    blocks = [_read_in(draft, language) for language in _LANGUAGES if language in draft.title]
    return "\n".join(blocks or [_read_in(draft, next(iter(draft.title), "en"))])


_HEADS: Final[Mapping[str, tuple[str, str, str]]] = {
    "it": ("Richiede", "Dà", "Licenza"),
    "de": ("Braucht", "Gibt", "Lizenz"),
    "en": ("Needs", "Gives", "Licence"),
}


def _read_in(draft: Draft, language: str) -> str:
    needs, gives, licence = _HEADS.get(language, _HEADS["en"])
    lines = [f"# {draft.title.get(language, draft.name)}", "", draft.description.get(language, ""), ""]
    kinds = [f"- {one['type']}" for one in draft.needs if one.get("type")]
    kinds += [f"- {one.what}: {one.name} {one.version}".rstrip() for one in draft.requires]
    for head, items in ((needs, kinds), (gives, [f"- {one.get(language) or ''}" for one in draft.gives])):
        listed = [one for one in dict.fromkeys(items) if one.strip("- ")]
        lines += [f"## {head}", "", *listed, ""] if listed else []
    return "\n".join([*lines, f"{licence}: {draft.licence}", ""])


def described(texts: Texts, fallback: Mapping[str, str], **names: str) -> dict[str, str]:
    """The texts, and for every language of ours without one what the fallback says."""
    found = {language: text for language, text in texts.items() if text}
    return {**{lang: text.format(**names) for lang, text in fallback.items()}, **found}
