"""Proposals without a twin at work: for ``sympolis source new``, which edits a package that need not start yet."""

from __future__ import annotations

from sympolis.app.downloading import downloader
from sympolis.city import describing, package
from sympolis.city.proposing.desk import Proposer
from sympolis.city.schema import City
from sympolis.egress.guard import EgressPolicy, Guard
from sympolis.egress.http import HttpClient
from sympolis.settings import Settings


def proposer(settings: Settings) -> tuple[City, Proposer]:
    """The city of these settings and what proposes sources for it. Raises ``CityPackageInvalid``."""
    city = package.load(settings.city)
    guard = Guard(EgressPolicy(allow_loopback=settings.allow_loopback, allowed=settings.allow_hosts))
    return city, Proposer(city, describing.registry(city), downloader(HttpClient(guard)))
