"""Reading what people ask of assets: members that are known, texts that are bounded, files as base64."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from sympolis.api.bodies import read_object
from sympolis.api.http import Request
from sympolis.city.assets.taking import Wanted
from sympolis.dataspace.repository.kinds import Kind
from sympolis.domain import errors

_LONGEST: Final = 4000
_MOST_LANGUAGES: Final = 30
_MOST_LICENCES: Final = 100


async def members(request: Request, *known: str) -> dict[str, Any]:
    """The body with none but the known members. Raises ``InvalidRequest``."""
    given = await read_object(request)
    if unknown := sorted(given.keys() - set(known)):
        raise errors.InvalidRequest("unknown member", where=unknown[0][:100])
    return given


def text(given: Mapping[str, Any], name: str, *, required: bool = False) -> str:
    """A member that is text. Raises ``InvalidRequest``."""
    found = given.get(name, "")
    if not isinstance(found, str) or len(found) > _LONGEST or (required and not found):
        raise errors.InvalidRequest("expected a text", where=name)
    return found


def texts(given: Mapping[str, Any], name: str) -> dict[str, str]:
    """A text by language. Raises ``InvalidRequest``."""
    found = given.get(name, {})
    fits = isinstance(found, dict) and len(found) <= _MOST_LANGUAGES
    if not fits or not all(isinstance(one, str) and len(one) <= _LONGEST for one in found.values()):
        raise errors.InvalidRequest("expected texts by language", where=name, hint='{"en": "…"}')
    return dict(found)


def kind_of(given: Mapping[str, Any]) -> Kind:
    """The kind of an asset. Raises ``InvalidRequest``."""
    found = text(given, "kind", required=True)
    if found not in set(Kind):
        raise errors.InvalidRequest("there is no such kind", where="kind", hint=", ".join(Kind))
    return Kind(found)


def wanted(given: Mapping[str, Any]) -> Wanted:
    """Whose asset in which version. Raises ``InvalidRequest``."""
    return Wanted(
        text(given, "partner", required=True),
        text(given, "asset", required=True),
        text(given, "version", required=True),
    )


def licences(given: Mapping[str, Any]) -> list[str]:
    """The licences that are accepted by name. Raises ``InvalidRequest``."""
    found = given.get("licences", [])
    fits = isinstance(found, list) and len(found) <= _MOST_LICENCES
    if not fits or not all(isinstance(one, str) for one in found):
        raise errors.InvalidRequest("expected texts", where="licences")
    return list(found)


def flag(given: Mapping[str, Any], name: str) -> bool:
    """A member that is true or false. Raises ``InvalidRequest``."""
    found = given.get(name, False)
    if not isinstance(found, bool):
        raise errors.InvalidRequest("expected true or false", where=name)
    return found


def files(given: Mapping[str, Any]) -> dict[str, bytes]:
    """Files by name, each as base64. Raises ``InvalidRequest``."""
    found = given.get("files", {})
    if not isinstance(found, dict):
        raise errors.InvalidRequest("expected files by name", where="files")
    return {str(name): _decoded(str(name), body) for name, body in found.items()}


def _decoded(name: str, body: Any) -> bytes:
    if not isinstance(body, str):
        raise errors.InvalidRequest("expected base64", where=f"files.{name[:100]}")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise errors.InvalidRequest("is not base64", where=f"files.{name[:100]}") from None
