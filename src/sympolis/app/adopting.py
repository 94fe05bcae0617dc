"""Takes what older versions kept in files beside a server on PostgreSQL into the database, once.

The files stay as they are, with an empty file beside them: ``adopted``, and ``watching-adopted`` for subscriptions to
context sources, which came later. Killed in between, the next start goes on: what is in the database already is not
overwritten.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Final

from sympolis.app.joining import FOLDER as SOURCES
from sympolis.context.distributed.relays import KeepsSources, SourceBooks
from sympolis.context.library import KeepsContexts, Shelf
from sympolis.context.registrations.books import KeepsWatching, WatchingBooks
from sympolis.context.store import Store
from sympolis.context.subscriptions.books import MOST_DEAD_LETTERS
from sympolis.domain.errors import Conflict
from sympolis.stores.context_files import ContextFiles
from sympolis.stores.embedded.registrations import EmbeddedRegistrationBooks
from sympolis.stores.embedded.subscriptions import EmbeddedBooks

CONTEXTS: Final = "contexts"
"""Below the data folder: hosted contexts, where the store does not keep them."""
_DONE: Final = "adopted"
_DONE_WATCHING: Final = "watching-adopted"
_OLD: Final = (
    (CONTEXTS, "*.json", _DONE),
    (SOURCES, EmbeddedRegistrationBooks.FILE, _DONE),
    (SOURCES, EmbeddedBooks.FILE, _DONE_WATCHING),
)


def adopt_files(store: Store, folder: Path) -> None:
    """See the module; nothing for a store that keeps nothing of this itself. Raises ``StoreUnavailable``."""
    if isinstance(store, KeepsContexts) and _waits(files := folder / CONTEXTS):
        _adopt_contexts(files, store.context_shelf())
        (files / _DONE).touch()
    if isinstance(store, KeepsSources) and _waits(files := folder / SOURCES):
        _adopt_sources(files, store.source_books())
        (files / _DONE).touch()
    if isinstance(store, KeepsWatching) and _waits(files := folder / SOURCES, _DONE_WATCHING):
        _adopt_watching(files, store.watching_books())
        (files / _DONE_WATCHING).touch()


def check_adopted(folder: Path) -> None:
    """Raise ``Conflict`` where an older version's files wait: a dump of the database would lack them."""
    for name, files, done in _OLD:
        if _waits(folder / name, done) and any((folder / name).glob(files)):
            raise Conflict(
                "holds what an older version kept beside the database",
                where=str(folder / name),
                hint="start the broker of this version on it once",
            )


def _waits(folder: Path, done: str = _DONE) -> bool:
    return folder.is_dir() and not (folder / done).exists()


def _adopt_contexts(folder: Path, shelf: Shelf) -> None:
    known = {one.local_id for one in shelf.load()}
    for kept in ContextFiles(folder).load():
        if kept.local_id not in known:
            shelf.keep(kept)


def _adopt_sources(folder: Path, books: SourceBooks) -> None:
    identity = folder / "identity"
    if identity.exists():
        books.identity(identity.read_text(encoding="ascii").strip())
    if not (folder / EmbeddedRegistrationBooks.FILE).exists():
        return
    old = EmbeddedRegistrationBooks.open(folder)
    try:
        _copy(old, books)
    finally:
        old.close()


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


def _adopt_watching(folder: Path, books: WatchingBooks) -> None:
    try:
        if (folder / EmbeddedBooks.FILE).exists():
            with closing(EmbeddedBooks.open(folder)) as old:
                for tenant in old.tenants():
                    _, letters = old.dead_letters(tenant, limit=MOST_DEAD_LETTERS)
                    books.take_in(tenant, old.subscriptions(tenant), old.pending(tenant), letters[::-1])
    finally:
        books.close()
