"""Finds plugins by their manifests, so that nothing in the platform names a concrete one.

Built-in plugins are the folders under ``plugins/{connectors,simulators,services}``; third parties announce a package of
the same form through the entry-point group ``sympolis.plugins``. Listing reads manifests only: a plugin's code, and the
engine it brings, is imported when the plugin is first taken from the registry.
"""

# ruff: noqa: RUF009 - option() declares an immutable field, like dataclasses.field
from __future__ import annotations

import functools
import importlib
import importlib.metadata
import importlib.util
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from sympolis.domain import errors, reading
from sympolis.domain.reading import Texts, option
from sympolis.plugins.connector import Connector
from sympolis.plugins.simulator import Simulator

GROUP = "sympolis.plugins"
KINDS = ("connector", "simulator", "service")

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a plugin says about itself in ``manifest.toml``."""

    id: str = option(pattern="[a-z][a-z0-9_]*")
    kind: str = option(choices=KINDS)
    version: str = option(pattern=r"\d+\.\d+\.\d+")
    class_name: str = option(key="class", pattern="[A-Za-z][A-Za-z0-9]*")
    """The one class in the plugin's ``__init__.py``."""
    title: Texts
    description: Texts = option({})
    owner: str
    licence: str
    standards: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    """What must be there: extras (``extra:traffic``), entity types (``entity:RoadSegment``), files."""
    gives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin that was found: its manifest, the module that holds its class and its folder."""

    manifest: Manifest
    module: str
    folder: Path

    def load(self) -> type[Any]:
        """Import the plugin's class. Raises ``SettingsInvalid`` naming the missing package or class."""
        where = str(self.folder / "manifest.toml")
        try:
            return cast("type[Any]", getattr(importlib.import_module(self.module), self.manifest.class_name))
        except ImportError as cause:
            hint = f"install what the plugin needs: {', '.join(self.manifest.needs) or cause.name}"
            message = f"plugin {self.manifest.id} cannot be loaded: {cause}"
            raise errors.SettingsInvalid(message, where=where, hint=hint) from cause
        except AttributeError as cause:
            message = f"{self.module} has no class {self.manifest.class_name}"
            raise errors.SettingsInvalid(message, where=f"{where}: class") from cause


class Registry(Mapping[str, T]):
    """Plugins of one kind by id. Keys cost nothing; taking a value imports that plugin."""

    def __init__(self, plugins: Mapping[str, Plugin], *, instances: bool) -> None:
        self._plugins = plugins
        self._instances = instances
        self._loaded: dict[str, T] = {}

    def __getitem__(self, plugin_id: str) -> T:
        if plugin_id not in self._loaded:
            found = self._plugins[plugin_id].load()
            self._loaded[plugin_id] = cast(T, found() if self._instances else found)
        return self._loaded[plugin_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._plugins)

    def __len__(self) -> int:
        return len(self._plugins)

    def __contains__(self, plugin_id: object) -> bool:
        return plugin_id in self._plugins

    def manifest(self, plugin_id: str) -> Manifest:
        """The manifest of one plugin, without importing it. Raises ``KeyError``."""
        return self._plugins[plugin_id].manifest


@functools.cache
def connectors() -> Registry[Connector]:
    """Every connector, ready to read."""
    return Registry(_of_kind("connector"), instances=True)


@functools.cache
def simulators() -> Registry[type[Simulator]]:
    """Every simulator's class; a worker makes the instance."""
    return Registry(_of_kind("simulator"), instances=False)


@functools.cache
def plugins() -> tuple[Plugin, ...]:
    """Every plugin, built-in ones first, by kind and id. Raises ``SettingsInvalid`` for a faulty manifest."""
    return (*_built_in(), *_announced())


def _of_kind(kind: str) -> dict[str, Plugin]:
    found: dict[str, Plugin] = {}
    for plugin in plugins():
        if plugin.manifest.kind == kind:
            found.setdefault(plugin.manifest.id, plugin)
    return found


def _built_in() -> Iterator[Plugin]:
    here = Path(__file__).parent
    for path in sorted(here.glob("*/*/manifest.toml")):
        folder = path.parent
        yield Plugin(read_manifest(path), f"sympolis.plugins.{folder.parent.name}.{folder.name}", folder)


def _announced() -> Iterator[Plugin]:
    for entry in sorted(importlib.metadata.entry_points(group=GROUP), key=lambda entry: entry.name):
        spec = importlib.util.find_spec(entry.module)
        if spec is None or spec.origin is None:
            message = f"entry point {entry.name} of group {GROUP} names {entry.module}, which is not there"
            raise errors.SettingsInvalid(message, where=entry.value)
        folder = Path(spec.origin).parent
        yield Plugin(read_manifest(folder / "manifest.toml"), entry.module, folder)


def read_manifest(path: Path) -> Manifest:
    """Read one ``manifest.toml``. Raises ``SettingsInvalid`` naming file and field."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as cause:
        raise errors.SettingsInvalid(f"not a readable manifest: {cause}", where=str(path)) from cause
    findings: list[reading.Finding] = []
    manifest = reading.read(Manifest, document, str(path), findings)
    if manifest is None:
        first = findings[0]
        raise errors.SettingsInvalid(first.message, where=first.where, hint=first.hint)
    return manifest
