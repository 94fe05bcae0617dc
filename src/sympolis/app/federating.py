"""A twin's federation, joined: records in the data folder, calls through the guard, its address when it serves."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from sympolis.city.schema import City
from sympolis.dataspace.calls import Answer, Calls
from sympolis.dataspace.federation import Federation, Self
from sympolis.dataspace.records import Records
from sympolis.domain import errors
from sympolis.egress.http import HttpClient, ResponseTooLarge
from sympolis.settings import Settings
from sympolis.stores.embedded.federation import FederationBook

FOLDER = "federation"
"""Below the data folder: keys, partners, credentials."""


def open_federation(
    settings: Settings, folder: Path, client: HttpClient, city: City, address: Callable[[], str]
) -> Federation | None:
    """The federation of a twin; None where the extra ``identity`` is not installed: nobody could be known.

    ``address`` is where the server was found to listen; the setting ``public_url`` goes before it.
    """
    if find_spec("joserfc") is None:
        return None
    public = settings.public_url.rstrip("/")
    own = Self(city.facts.title, lambda: public or address())
    return Federation(own, open_records(settings, folder), calls_through(client))


def open_records(settings: Settings, folder: Path) -> Records:
    """What is kept of dealings with others. Raises ``StoreUnavailable``."""
    if settings.store == "memory":
        return FederationBook.in_memory()
    return FederationBook.open(folder / FOLDER)


def calls_through(client: HttpClient) -> Calls:
    """The port ``dataspace.calls.Calls`` over this client, and so over its guard."""

    async def call(
        method: str,
        url: str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        timeout_s: float = 5.0,
        most_bytes: int = 1 << 20,
        sink: Callable[[bytes], object] | None = None,
    ) -> Answer:
        try:
            found = await client.request(
                method, url, headers=headers, body=body, timeout_s=timeout_s, most_bytes=most_bytes, sink=sink
            )
        except TimeoutError as problem:
            raise errors.SourceFailed(f"did not answer within {timeout_s:g} seconds", where=url) from problem
        except ResponseTooLarge as problem:
            raise errors.SourceFailed(str(problem), where=url) from problem
        except errors.Forbidden as problem:  # by our own guard: no answer of theirs
            raise errors.SourceFailed(problem.message, where=url, hint=problem.hint) from problem
        except (OSError, ssl.SSLError, ValueError, KeyError) as problem:
            raise errors.SourceFailed(f"cannot be asked: {problem}", where=url) from problem
        return Answer(found.status, found.headers, found.body)

    return call
