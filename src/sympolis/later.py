"""Modules that are loaded when they are first used: what takes long to load and is not needed by everyone who starts.

    if TYPE_CHECKING:
        import numpy as np
    else:
        np = later("numpy")

A broker that is asked for entities by their ids needs no array; the first query that does waits a tenth of a second.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any


class _Later(ModuleType):
    """Looks like the module; what was once asked of it is kept, so that it costs no more than the module itself."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(import_module(self.__name__), name)
        setattr(self, name, found)
        return found


def later(name: str) -> Any:
    """The module of this name, loaded when something of it is first used; an import that fails, fails then."""
    return _Later(name)
