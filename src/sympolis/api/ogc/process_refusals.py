"""The types that OGC API – Processes fixes for what it refuses (OGC 18-062r2, section 7; OGC 20-044, section 7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from sympolis.domain import errors

_PART_1 = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/"
_PART_2 = "http://www.opengis.net/def/exceptions/ogcapi-processes-2/1.0/"

Types = Mapping[type[errors.SympolisError], str]

OF_A_PROCESS: Final[Types] = {errors.NotFound: f"{_PART_1}no-such-process"}
OF_A_JOB: Final[Types] = {errors.NotFound: f"{_PART_1}no-such-job"}
OF_RESULTS: Final[Types] = {errors.NotFound: f"{_PART_1}result-not-ready"}
OF_DEPLOYING: Final[Types] = {
    errors.AlreadyExists: f"{_PART_2}duplicated-process",
    errors.Forbidden: f"{_PART_2}immutable-process",
    errors.UnsupportedMediaType: f"{_PART_2}unsupported-media-type",
    **OF_A_PROCESS,
}


@contextmanager
def typed(types: Types) -> Iterator[None]:
    """What is refused inside says the standard's type."""
    try:
        yield
    except errors.SympolisError as refused:
        refused.standard = refused.standard or types.get(type(refused), "")
        raise
