"""Forms as browsers and OAuth clients send them (``application/x-www-form-urlencoded``), bounded and read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from sympolis.api.bodies import read_object
from sympolis.api.http import JSON, Request
from sympolis.domain import errors

FORM = "application/x-www-form-urlencoded"
_MOST_BYTES = 16_384
_MOST_FIELDS = 30


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields of a form, or the text members of a JSON object. Raises ``InvalidRequest``."""
    if request.media_type == JSON:
        document = await read_object(request)
        return {name: value for name, value in document.items() if isinstance(value, str)}
    if request.media_type != FORM:
        raise errors.UnsupportedMediaType(f"expected {FORM} or {JSON}", where="Content-Type")
    raw = await request.body()
    if len(raw) > _MOST_BYTES:
        raise errors.PayloadTooLarge(f"a form may have at most {_MOST_BYTES} bytes", where="body")
    try:
        pairs = parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"
        )
    except (ValueError, UnicodeDecodeError) as problem:
        raise errors.InvalidRequest("the form cannot be read", where="body") from problem
    if len({name for name, _ in pairs}) < len(pairs):
        raise errors.InvalidRequest("a field is given more than once", where="body")
    return dict(pairs)
