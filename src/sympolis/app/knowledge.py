"""The @contexts that a server knows: hosted ones from its folder, local copies that the operator chose, a cache."""

from __future__ import annotations

from pathlib import Path

import msgspec

from sympolis.app.fetching import context_fetcher
from sympolis.context.copies import Bounds
from sympolis.context.library import ContextLibrary
from sympolis.context.terms import Contexts
from sympolis.domain import errors
from sympolis.egress.http import HttpClient
from sympolis.settings import Settings
from sympolis.stores.context_files import ContextFiles


def open_contexts(
    settings: Settings, client: HttpClient, folder: Path | None
) -> tuple[Contexts, ContextLibrary]:
    """The contexts by ``settings``; hosted ones live in ``folder`` (None: as long as the process).

    Raises ``SettingsInvalid`` where a local copy cannot be read.
    """
    bounds = Bounds(
        most_copies=settings.context_cache,
        age_s=settings.context_max_age_s,
        timeout_s=settings.context_timeout_s,
    )
    contexts = Contexts(fetch=context_fetcher(client, settings.context_timeout_s), bounds=bounds)
    library = ContextLibrary(contexts, None if folder is None else ContextFiles(folder))
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
