"""Takes what older versions kept in files beside a server on PostgreSQL into the database, once.

A file that has been taken in stays, under a name that ends in ``.adopted``. Killed in between, the next start goes on:
what is in the database already is not overwritten.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sympolis.app.joining import FOLDER as SOURCES
from sympolis.context.distributed.relays import KeepsSources, SourceBooks
from sympolis.context.library import KeepsContexts, Shelf
from sympolis.context.store import Store
from sympolis.stores.context_files import ContextFiles
from sympolis.stores.embedded.registrations import EmbeddedRegistrationBooks

CONTEXTS: Final = "contexts"
"""Below the data folder: hosted contexts, where the store does not keep them."""
_DONE: Final = ".adopted"


def adopt_files(store: Store, folder: Path) -> None:
    """See the module; nothing for a store that keeps nothing of this itself. Raises ``StoreUnavailable``."""
    if isinstance(store, KeepsContexts) and (files := folder / CONTEXTS).is_dir():
        _adopt_contexts(files, store.context_shelf())
    if isinstance(store, KeepsSources):
        _adopt_sources(folder / SOURCES, store.source_books())


def _adopt_contexts(folder: Path, shelf: Shelf) -> None:
    known = {one.local_id for one in shelf.load()}
    for kept in ContextFiles(folder).load():
        if kept.local_id not in known:
            shelf.keep(kept)
    folder.rename(folder.with_name(folder.name + _DONE))


def _adopt_sources(folder: Path, books: SourceBooks) -> None:
    identity = folder / "identity"
    if identity.exists():
        books.identity(identity.read_text(encoding="ascii").strip())
        identity.rename(identity.with_name(identity.name + _DONE))
    file = folder / EmbeddedRegistrationBooks.FILE
    if not file.exists():
        return
    old = EmbeddedRegistrationBooks.open(folder)
    try:
        _copy(old, books)
    finally:
        old.close()
    file.rename(file.with_name(file.name + _DONE))


def _copy(old: EmbeddedRegistrationBooks, books: SourceBooks) -> None:
    for tenant in old.tenants():
        known = books.ids(tenant)
        for one in old.registrations(tenant):
            if one.id not in known:
                books.keep(tenant, one)
                books.note({(tenant, one.id): one.fared})
    relays = {one.key for one in books.relays()}
    for relay in old.relays():
        if relay.key not in relays:
            books.keep_relay(relay)
