"""Who may address this server at all: checks made before any route sees a request.

A twin runs on a planner's own machine, next to a browser that visits other sites. Two attacks reach such servers:
a page that rebinds its own name to 127.0.0.1 (stopped by knowing our names), and a page that posts across origins
(stopped by refusing writes that a browser marks as foreign). Requests of programs carry neither mark and pass.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from sympolis.domain import errors

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_MAX_REMEMBERED = 256


class Doorkeeper:
    """Checks Host, Origin and Sec-Fetch-Site.

    Parameters
    ----------
    hosts : further names by which the server may be addressed; ``*`` for any
    origins : further web origins whose pages may write
    """

    def __init__(self, hosts: tuple[str, ...] = (), origins: tuple[str, ...] = ()) -> None:
        self._names = LOOPBACK_NAMES | {name.lower() for name in hosts}
        self._any = "*" in hosts
        self._origins = {origin.lower().rstrip("/") for origin in origins}
        self._remembered: set[bytes] = set()

    def check(self, method: str, headers: dict[bytes, bytes]) -> None:
        """Raise ``Forbidden`` or ``InvalidRequest`` for a request that must not be served."""
        if headers.get(b"host") not in self._remembered:
            self._check_host(headers.get(b"host", b""))
        if method not in _READING:
            self._check_origin(headers)

    def _check_host(self, sent: bytes) -> None:
        host = sent.decode("latin-1")
        if not host:
            raise errors.InvalidRequest("a request needs a Host header", where="Host")
        if not self._any and host_name(host) not in self._names:
            raise errors.Forbidden(
                "this server is not known by that name",
                where="Host",
                hint="address it as localhost or 127.0.0.1, or add the name to the setting hosts",
            )
        if len(self._remembered) < _MAX_REMEMBERED:
            self._remembered.add(sent)

    def _check_origin(self, headers: dict[bytes, bytes]) -> None:
        origin = headers.get(b"origin")
        if origin is not None:
            text = origin.decode("latin-1").lower()
            host = headers.get(b"host", b"").decode("latin-1").lower()
            if text in self._origins or _authority(text) == host:
                return
            raise _foreign("Origin")
        if headers.get(b"sec-fetch-site", b"none") not in (b"none", b"same-origin"):
            raise _foreign("Sec-Fetch-Site")


def host_name(host: str) -> str:
    """The name in a Host header, lower case, without port; an IPv6 address keeps its brackets."""
    name = host.lower()
    if name.startswith("["):
        return name.partition("]")[0] + "]"
    return name.partition(":")[0]


def _authority(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _foreign(where: str) -> errors.Forbidden:
    return errors.Forbidden(
        "a page of another origin may not write here", where=where, hint="add it to the setting origins"
    )
