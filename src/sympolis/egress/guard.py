"""Keeps strangers from using this server to reach what only this server can reach (server-side request forgery).

A subscription or a @context names a host; the host's name may lead to this machine, its neighbours or a cloud's
metadata service, and may lead elsewhere the second time one asks. So names are resolved here, each address is checked,
and the connection goes to the very address that was checked.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from sympolis.domain.errors import Forbidden

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressPolicy:
    """Where this server may call.

    Public addresses always; with ``allow_loopback`` also this machine's and private networks' (for tests, and for
    several twins on one machine); and the hosts and networks named in ``allowed`` (``broker.city.lan``,
    ``10.20.0.0/16``).
    """

    allow_loopback: bool = False
    allowed: tuple[str, ...] = ()

    def permits(self, host: str, address: Address) -> bool:
        """Whether ``host``, which is at ``address``, may be called."""
        hosts, networks = _parsed(self.allowed)
        if host.lower() in hosts or any(address in network for network in networks):
            return True
        address = _unwrapped(address)
        if address.is_loopback:
            return self.allow_loopback
        if address.is_multicast or address.is_link_local or address.is_unspecified or address.is_reserved:
            return False
        return address.is_global or (self.allow_loopback and address.is_private)


class Guard:
    """Opens connections as far as the policy permits."""

    def __init__(self, policy: EgressPolicy | None = None) -> None:
        self.policy = policy or EgressPolicy()

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of ``host`` that may be called. Raises ``Forbidden``, or ``OSError`` where it has none."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except UnicodeError as problem:  # a part of it is empty or too long
            raise OSError("this cannot be the name of a host") from problem
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        permitted = [one for one in addresses if self.policy.permits(host, _address(one))]
        if not permitted:
            raise Forbidden(
                "this address is not public, and this server does not call such ones",
                where=host,
                hint="allow the host in the server's settings if it is meant to be called",
            )
        return permitted

    async def connect(
        self, host: str, port: int, *, tls: ssl.SSLContext | None = None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A stream to ``host``; with ``tls``, its certificate must be for that name.

        Raises ``Forbidden`` or ``OSError`` (of the last address tried).
        """
        problem: OSError | None = None
        for address in await self.addresses(host, port):
            try:
                return await asyncio.open_connection(
                    address, port, ssl=tls, server_hostname=host if tls is not None else None
                )
            except OSError as error:
                problem = error
        assert problem is not None
        raise problem


@cache
def _parsed(allowed: tuple[str, ...]) -> tuple[frozenset[str], tuple[Network, ...]]:
    hosts = {entry.lower() for entry in allowed if _network(entry) is None}
    return frozenset(hosts), tuple(_networks(allowed))


def _networks(allowed: Iterable[str]) -> Iterable[Network]:
    return (network for entry in allowed if (network := _network(entry)) is not None)


def _network(entry: str) -> Network | None:
    try:
        return ipaddress.ip_network(entry)
    except ValueError:
        return None


def _address(text: str) -> Address:
    return ipaddress.ip_address(text.partition("%")[0])


def _unwrapped(address: Address) -> Address:
    """The IPv4 address inside an IPv6 address that leads to it."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo is not None else None) or address
