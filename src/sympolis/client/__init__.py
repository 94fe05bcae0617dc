"""The twin from Python: ``Twin("http://127.0.0.1:8400").dataset("trees").geoframe()``.

For notebooks and scripts, against any running twin. It needs nothing but the standard library, and pandas or geopandas
(the extra ``client``) where a frame is asked for. Units and lineage come along in a frame's ``attrs``.
"""

from sympolis.client.twin import Dataset, Twin

__all__ = ["Dataset", "Twin"]
