"""The @contexts that a server knows: hosted ones from its shelf, local copies that the operator chose, a cache."""

from __future__ import annotations

from pathlib import Path

import msgspec

from sympolis.app.fetching import context_fetcher
from sympolis.context.copies import Bounds
from sympolis.context.library import ContextLibrary, Shelf
from sympolis.context.terms import Contexts
from sympolis.domain import errors
from sympolis.egress.http import HttpClient
from sympolis.settings import Settings


def open_contexts(
    settings: Settings, client: HttpClient, shelf: Shelf | None
) -> tuple[Contexts, ContextLibrary]:
    """The contexts by ``settings``; hosted ones are kept on ``shelf`` (None: as long as the process).

    Raises ``SettingsInvalid`` where a local copy cannot be read.
    """
    bounds = Bounds(
        most_copies=settings.context_cache,
        age_s=settings.context_max_age_s,
        timeout_s=settings.context_timeout_s,
    )
    contexts = Contexts(fetch=context_fetcher(client, settings.context_timeout_s), bounds=bounds)
    library = ContextLibrary(contexts, shelf)
    for entry in settings.contexts:
        _pin(entry, contexts, library)
    return contexts, library


def _pin(entry: str, contexts: Contexts, library: ContextLibrary) -> None:
    """Read one line of the setting: ``URL=FILE``, or ``TENANT|URL=FILE`` for one tenant alone."""
    left, equals, file = entry.rpartition("=")
    tenant, bar, url = left.partition("|")
    if not bar:
        tenant, url = "", left
    if not equals or "://" not in url or not file:
        raise _wrong(entry, "expected URL=FILE or TENANT|URL=FILE")
    document = _read(entry, Path(file))
    try:
        contexts.pin(url, document, tenant=tenant if bar else None)
        contexts.resolve_local(url, tenant=tenant)
    except errors.ContextNotAvailable:
        pass  # it names another context, which is fetched when it is used
    except errors.BadRequestData as problem:
        raise _wrong(entry, f"is no @context: {problem.message}") from problem
    if not bar:
        library.pin(url, document)


def _read(entry: str, file: Path) -> object:
    try:
        return msgspec.json.decode(file.read_bytes())
    except OSError as problem:
        raise _wrong(entry, f"cannot be read: {problem.strerror}") from problem
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise _wrong(entry, f"is not JSON: {problem}") from problem


def _wrong(entry: str, message: str) -> errors.SettingsInvalid:
    return errors.SettingsInvalid(message, where=f"contexts: {entry}")
