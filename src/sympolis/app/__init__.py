"""The composition root: builds one twin out of its parts and serves it. With ``cli``, all that knows everything."""

from sympolis.app.assembly import open_twin
from sympolis.app.lock import holder
from sympolis.app.server import run, serving
from sympolis.app.standalone import open_broker
from sympolis.app.twin import Twin, data_folder

__all__ = ["Twin", "data_folder", "holder", "open_broker", "open_twin", "run", "serving"]
