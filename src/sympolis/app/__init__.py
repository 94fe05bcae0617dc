"""The composition root: builds one twin out of its parts and serves it. With ``cli``, all that knows everything.

Names are loaded when they are first used: a broker alone starts without what only a city's twin needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sympolis.app.assembly import open_twin
    from sympolis.app.lock import holder
    from sympolis.app.server import run, serving
    from sympolis.app.standalone import open_broker
    from sympolis.app.trying import try_service
    from sympolis.app.twin import Twin, data_folder

__all__ = ["Twin", "data_folder", "holder", "open_broker", "open_twin", "run", "serving", "try_service"]

_WHERE = {
    "Twin": "twin",
    "data_folder": "twin",
    "holder": "lock",
    "open_broker": "standalone",
    "open_twin": "assembly",
    "run": "server",
    "serving": "server",
    "try_service": "trying",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
