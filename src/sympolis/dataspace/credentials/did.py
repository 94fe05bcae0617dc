"""did:web: a participant's name is an address, and at that address stands which keys are theirs.

The method's specification (W3C CCG, did:web) has names of hosts and https. One exception, for several twins on one
machine: ``localhost`` is asked over http, and our own address 127.0.0.1 is called so, since did:web has no IP
addresses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from sympolis.domain import errors

PREFIX: Final = "did:web:"
LONGEST: Final = 512
CREDENTIAL_SERVICE: Final = "CredentialService"
ISSUER_SERVICE: Final = "IssuerService"
CATALOGUE_SERVICE: Final = "CatalogService"
TWIN_SERVICE: Final = "LocalDigitalTwin"
_CONTEXT: Final = (
    "https://www.w3.org/ns/did/v1",
    "https://w3id.org/security/suites/jws-2020/v1",
)
_SEGMENT: Final = re.compile(r"(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})+")
_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@lru_cache(maxsize=1024)
def did_of(base_url: str) -> str:
    """The did:web of a server at this address. Raises ``SettingsInvalid`` for what is not an address."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if not host or parts.scheme not in ("http", "https"):
        raise errors.SettingsInvalid(
            "this twin has no address that others could know it by",
            where=base_url or "public_url",
            hint="start it first (sympolis serve), or set public_url",
        )
    name = "localhost" if host in _LOOPBACK else host
    if not re.search("[A-Za-z]", name) or ":" in name:
        raise errors.SettingsInvalid(
            "a did:web names a host, not an IP address", where=base_url, hint="set public_url to its name"
        )
    authority = name if parts.port is None else f"{name}%3A{parts.port}"
    path = [quote(step, safe="") for step in parts.path.split("/") if step]
    return PREFIX + ":".join((authority, *path))


def document_url(did: str) -> str:
    """Where the DID document of a did:web is. Raises ``InvalidRequest`` for anything else."""
    authority, *path = _parts(did)
    scheme = "http" if authority.partition(":")[0] == "localhost" else "https"
    below = "/".join((*path, "did.json")) if path else ".well-known/did.json"
    return f"{scheme}://{authority}/{below}"


def check_did(did: str) -> str:
    """The DID itself, where it is one that can be asked for. Raises ``InvalidRequest``."""
    _parts(did)
    return did


def _parts(did: str) -> list[str]:
    segments = did.removeprefix(PREFIX).split(":")
    if (
        not did.startswith(PREFIX)
        or len(did) > LONGEST
        or not all(_SEGMENT.fullmatch(one) for one in segments)
    ):
        raise errors.InvalidRequest("expected a did:web", where=did[:100], hint="did:web:twin.city.example")
    authority, *path = (unquote(one) for one in segments)
    if any(set(one) & set("/\\@?# ") or one in (".", "..") for one in (authority, *path)):
        raise errors.InvalidRequest("expected a did:web", where=did[:100])
    if not _is_authority(authority):
        raise errors.InvalidRequest("a did:web names a host, not an IP address", where=did[:100])
    return [authority, *(quote(one, safe="") for one in path)]


def _is_authority(authority: str) -> bool:
    host, _, port = authority.partition(":")
    named = bool(_HOST.fullmatch(host) and re.search("[A-Za-z]", host)) and ":" not in port
    return named and (not port or (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65_536))


def build_document(
    did: str, keys: Iterable[Mapping[str, Any]], services: Mapping[str, str]
) -> dict[str, Any]:
    """A DID document (W3C DID Core 1.0) with these public JWKs and endpoints by type of service."""
    methods = [
        {"id": f"{did}#{key['kid']}", "type": "JsonWebKey2020", "controller": did, "publicKeyJwk": dict(key)}
        for key in keys
    ]
    ids = [one["id"] for one in methods]
    return {
        "@context": list(_CONTEXT),
        "id": did,
        "verificationMethod": methods,
        "authentication": ids,
        "assertionMethod": ids,
        "service": [
            {"id": f"{did}#{kind}", "type": kind, "serviceEndpoint": address}
            for kind, address in services.items()
        ],
    }


def endpoint_of(document: Mapping[str, Any], kind: str) -> str | None:
    """The address of a service in a DID document; None where it names none."""
    services = document.get("service")
    for one in services if isinstance(services, list) else ():
        if isinstance(one, Mapping) and one.get("type") == kind:
            address = one.get("serviceEndpoint")
            if isinstance(address, str) and urlsplit(address).scheme in ("http", "https"):
                return address.rstrip("/")
    return None
