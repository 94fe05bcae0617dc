"""The reference of connectors, written from their manifests, their settings and what their classes can do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docs import package_reference
from sympolis.plugins import loader
from sympolis.plugins.connector import Annotating, Drawing, Incremental, Paging, Recognising
from sympolis.plugins.listening import Listening
from sympolis.plugins.loader import Plugin

ROOT = Path(__file__).parents[1]

HEAD = """# Connectors

What a source may name as its `connector`, and its `[settings]`. How to bring a source in:
[the guide](../howto/bring-in-a-source.md); how to write a connector: [that guide](../howto/write-a-connector.md).
Secrets are never in a source file: a setting names one, and `local/secrets.toml` of the city package, which no version
control sees, holds it.

"""

ABILITIES: tuple[tuple[type, str], ...] = (
    (Paging, "asks for several documents"),
    (Drawing, "draws from a server that does not speak HTTP"),
    (Incremental, "goes on where the last delivery ended"),
    (Listening, "hears what the source says of itself"),
    (Annotating, "gives the sender's file back with remarks"),
    (Recognising, "knows a sample of its own"),
)
"""Each optional contract in a few words; the others read one file."""


def page() -> str:
    """The page in Markdown."""
    found = [one for one in loader.plugins() if one.manifest.kind == "connector"]
    rows = "\n".join(f"| [`{one.manifest.id}`](#{one.manifest.id}) | {_about(one)} |" for one in found)
    table = f"| connector | reads |\n|---|---|\n{rows}\n"
    return HEAD + table + "".join("\n" + "\n".join(_section(one)) for one in found)


def _about(plugin: Plugin) -> str:
    return str(plugin.manifest.description.get("en", plugin.manifest.title["en"]))


def _section(plugin: Plugin) -> Iterator[str]:
    manifest = plugin.manifest
    connector = loader.connectors()[manifest.id]
    yield f"## {manifest.id}\n"
    yield f"{_about(plugin)}. [More, with an example](../../{plugin.folder.relative_to(ROOT)}/README.md).\n"
    yield f"Standards: {', '.join(manifest.standards) or '–'}. Can: {_abilities(connector)}.{_needs(manifest)}\n"
    yield from package_reference.tables(connector.settings_type, "")


def _abilities(connector: Any) -> str:
    return "; ".join([words for kind, words in ABILITIES if isinstance(connector, kind)] or ["read one file"])


def _needs(manifest: loader.Manifest) -> str:
    extras = [need.partition(":")[2] for need in manifest.needs if need.startswith("extra:")]
    return f" Needs `pip install 'sympolis[{','.join(extras)}]'`." if extras else ""
