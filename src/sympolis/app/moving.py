"""Writing a twin or a broker down whole, and putting it back: which parts there are, by the settings.

The files of an embedded store are read beside the server that has them open, so nothing has to stop for a backup.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from sympolis import __version__
from sympolis.app import mark
from sympolis.app.adopting import check_adopted
from sympolis.app.federating import FOLDER as FEDERATION
from sympolis.app.governing import FOLDER as IDENTITY
from sympolis.app.governing import open_directory
from sympolis.app.ground import context_shelf, open_store
from sympolis.app.joining import FOLDER as SOURCES
from sympolis.app.joining import source_books, watching_books
from sympolis.app.lock import Lock
from sympolis.app.publishing import FOLDER as REPOSITORY
from sympolis.app.standalone import FOLDER as BROKER
from sympolis.app.twin import data_folder
from sympolis.app.voice_key import KEY as VOICE_KEY
from sympolis.context.distributed.relays import SourceBooks
from sympolis.context.dumps import erased, whole
from sympolis.context.dumps.contexts import ContextsPart
from sympolis.context.dumps.files import DumpReader, DumpWriter, Manifest
from sympolis.context.dumps.folders import FolderPart
from sympolis.context.dumps.identity import IdentityPart
from sympolis.context.dumps.registrations import RegistrationsPart
from sympolis.context.dumps.relays import RelaysPart
from sympolis.context.dumps.subscriptions import SubscriptionsPart
from sympolis.context.dumps.tenants import TenantsPart
from sympolis.context.store import Store
from sympolis.context.subscriptions.books import KeepsBooks, SharedBooks
from sympolis.decision.participation.forgetting import erase_marked
from sympolis.domain import errors
from sympolis.governance.privacy.names import erase_marked as erase_names
from sympolis.help.forgetting import erase_marked as erase_asked
from sympolis.orchestration.review_book import FOLDER as REVIEWS
from sympolis.orchestration.review_book import ReviewBook
from sympolis.settings import POSTGRESQL, Settings
from sympolis.stores.embedded.audit import FOLDER as AUDIT
from sympolis.stores.embedded.compositions import EmbeddedCompositions
from sympolis.stores.embedded.helping import EmbeddedHelp
from sympolis.stores.embedded.identity import EmbeddedDirectory
from sympolis.stores.embedded.ledger import EmbeddedLedger
from sympolis.stores.embedded.notices import EmbeddedNotices
from sympolis.stores.embedded.participation import EmbeddedParticipation
from sympolis.stores.embedded.registrations import EmbeddedRegistrationBooks
from sympolis.stores.embedded.still import EmbeddedFiles
from sympolis.stores.embedded.subscriptions import EmbeddedBooks
from sympolis.stores.embedded.whole_file import SqliteFolderPart, SqlitePart

T = TypeVar("T")

_PATIENCE_S = 10.0
_FOLDER = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")


def broker_folder(settings: Settings) -> Path:
    """Where a broker without a city keeps everything."""
    return settings.data.absolute() / BROKER


def is_broker(settings: Settings) -> bool:
    """Whether the data folder holds a broker alone, and no twin of the settings' city."""
    return not data_folder(settings).exists() and (
        broker_folder(settings).exists() or settings.store.startswith(POSTGRESQL)
    )


def target_folder(settings: Settings, dump: DumpReader) -> Path:
    """The data folder that a dump is put back into. Raises ``DumpInvalid``."""
    name = dump.manifest.of.get("folder", "")
    if not _FOLDER.fullmatch(name):
        raise errors.DumpInvalid(f"{name!r} is no name of a data folder", where="manifest.json: of")
    return settings.data.absolute() / name


async def export_into(out: DumpWriter, settings: Settings, folder: Path, *, kind: str) -> Manifest:
    """Write what ``folder`` and the store hold into ``out``; ``kind`` is ``broker`` or ``city``.

    Raises ``StoreUnavailable``, or ``Conflict`` for a store in memory.
    """
    if settings.store == "memory":
        raise errors.Conflict("a store in memory has no files to write down", where="store")
    if settings.store == "embedded":
        _must_exist(folder)
        await _bring_up_to_date(settings, folder)
    of = {"kind": kind, "folder": folder.name, "store": settings.store.partition(":")[0]}
    async with _source_parts(settings, folder) as parts:
        manifest = await whole.dump(parts, out, version=__version__, of=of)
    _know_backup(settings, folder, out.folder)
    return manifest


async def restore_from(dump: DumpReader, settings: Settings, folder: Path) -> None:
    """Put a dump back into ``folder`` and the store of the settings.

    Killed in between, it is taken up by another call with the same dump. Raises ``Conflict`` where something is there
    already, ``DumpInvalid``, ``StoreUnavailable``.
    """
    if settings.store == "memory":
        raise errors.Conflict("what is restored into memory is gone with the process", where="store")
    with _locked(folder):
        begun = mark.begin(folder, dump.manifest)
        store = await open_store(settings, folder)
        try:
            async with _target_parts(store, folder) as parts:
                await whole.restore(parts, dump, begun=begun)
            _leave_out_erased(dump, folder)
        except errors.Conflict:
            if not begun:  # nothing was touched
                mark.end(folder)
            raise
        finally:
            await store.close()
        mark.end(folder)


def _know_backup(settings: Settings, folder: Path, backup: Path) -> None:
    """Erasures to come are to reach the export."""
    directory = open_directory(settings, folder)
    try:
        directory.keep_backup(str(backup.absolute()))
    finally:
        directory.close()


def _leave_out_erased(dump: DumpReader, folder: Path) -> None:
    """Raw rows of those who were erased after the dump do not come back, and stay unwanted."""
    gone = erased.read(dump.folder)
    if not gone.erasures:
        return
    directory, ledger = EmbeddedDirectory.open(folder / IDENTITY), EmbeddedLedger.open(folder)
    try:
        for erasure in gone.erasures:
            directory.keep_erasure(erasure)
        for source in gone.sources:
            ledger.forget_rows(source, None)
            shutil.rmtree(folder / "deliveries" / source, ignore_errors=True)
    finally:
        directory.close()
        ledger.close()
    _leave_out_voices(gone.marks(), folder)
    _leave_out_questions(gone.marks(), folder)
    _leave_out_names(gone.marks(), folder)


def _leave_out_voices(marks: frozenset[str], folder: Path) -> None:
    """What they said in participation projects does not come back either."""
    if (folder / EmbeddedParticipation.FILE).exists():
        book = EmbeddedParticipation.open(folder)
        try:
            erase_marked(book, marks, at=datetime.now(UTC))
        finally:
            book.close()


def _leave_out_questions(marks: frozenset[str], folder: Path) -> None:
    """Nor does what they asked the help desk, or learned."""
    if (folder / EmbeddedHelp.FILE).exists():
        book = EmbeddedHelp.open(folder)
        try:
            erase_asked(book, marks)
        finally:
            book.close()


def _leave_out_names(marks: frozenset[str], folder: Path) -> None:
    """Nor do their names in dashboards, reviews of scenarios and notices, nor dashboards that were theirs alone."""
    reviews = ReviewBook(folder / "desk" / REVIEWS)
    reviews.open()
    erase_names(reviews, marks)
    for kept in (EmbeddedCompositions, EmbeddedNotices):
        if (folder / kept.FILE).exists():
            book = kept.open(folder)
            try:
                erase_names(book, marks)
            finally:
                book.close()


def in_a_thread(work: Coroutine[Any, Any, T]) -> T:
    """Run ``work`` on an event loop of its own, beside one that this thread may have open."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


@asynccontextmanager
async def _source_parts(settings: Settings, folder: Path) -> AsyncIterator[list[whole.Part]]:
    if settings.store == "embedded":
        async with _parts(EmbeddedFiles(folder / "store"), None, folder) as parts:
            yield parts
        return
    check_adopted(folder)
    store = await open_store(settings, folder)
    try:
        async with _parts(store, store, folder) as parts:
            yield parts
    finally:
        await store.close()


@asynccontextmanager
async def _target_parts(store: Store, folder: Path) -> AsyncIterator[list[whole.Part]]:
    async with _parts(store, store, folder, alone=True) as parts:
        yield parts


@asynccontextmanager
async def _parts(
    source: Any, store: Store | None, folder: Path, *, alone: bool = False
) -> AsyncIterator[list[whole.Part]]:
    """Everything that is kept, in the order in which it is put back; ``alone``: no server may work on it."""
    told = store.subscription_books() if isinstance(store, KeepsBooks) else EmbeddedBooks.open(folder)
    registrations, watched = source_books(store, folder), watching_books(store, folder)
    try:
        for books in (told, watched) if alone else ():
            if isinstance(books, SharedBooks):
                await asyncio.to_thread(_take_the_lead, books)
        yield [
            TenantsPart(source, store),
            ContextsPart(context_shelf(store, folder)),
            SubscriptionsPart(told, store),
            RegistrationsPart(registrations),
            RelaysPart(registrations),
            _identity(registrations, folder),
            SubscriptionsPart(watched, None, "source-subscriptions"),
            SqlitePart("ledger.sqlite", folder / "ledger.sqlite"),
            SqlitePart("masterdata.sqlite", folder / "masterdata.sqlite"),
            SqlitePart("people.sqlite", folder / "identity" / EmbeddedDirectory.FILE, private=True),
            SqliteFolderPart("audit", folder / AUDIT),
            FolderPart("desk", folder / "desk", leaving_out=("logs",)),
            FolderPart("deliveries", folder / "deliveries"),
            FolderPart("handovers", folder / "handovers"),
            *of_people_and_partners(folder),
        ]
    finally:
        for kept in (told, registrations, watched):
            kept.close()


def of_people_and_partners(folder: Path) -> list[whole.Part]:
    """What was said, decided, noticed and agreed: with the keys that prove it, which nobody else may read."""
    federation = folder / FEDERATION
    return [
        FolderPart("decisions", folder / "decisions"),
        FolderPart("assessment", folder / "assessment"),
        SqlitePart(EmbeddedNotices.FILE, folder / EmbeddedNotices.FILE, private=True),
        SqlitePart(EmbeddedCompositions.FILE, folder / EmbeddedCompositions.FILE, private=True),
        SqlitePart(EmbeddedHelp.FILE, folder / EmbeddedHelp.FILE, private=True),
        SqlitePart(EmbeddedParticipation.FILE, folder / EmbeddedParticipation.FILE, private=True),
        FolderPart("participation", folder, only=(VOICE_KEY,), private=True),
        SqliteFolderPart("federation", federation),
        FolderPart("federation-received", federation / "received", private=True),
        FolderPart("federation-called", federation / "called", private=True),
        FolderPart("repository", folder / REPOSITORY),
    ]


def _identity(registrations: EmbeddedRegistrationBooks | SourceBooks, folder: Path) -> whole.Part:
    if isinstance(registrations, EmbeddedRegistrationBooks):
        return FolderPart("identity", folder / SOURCES, only=("identity",), may_be_there=True)
    return IdentityPart(registrations)


def _take_the_lead(books: SharedBooks) -> None:
    """Be the process that writes into the books. Raises ``Conflict`` where that is a server."""
    leading = threading.Event()
    books.watch(lambda _: None, lambda leads: leading.set() if leads else None)
    if not leading.wait(_PATIENCE_S):
        books.close()
        raise errors.Conflict("a server works on this database", where="store", hint="stop it, then restore")


def _must_exist(folder: Path) -> None:
    if not (folder / "store").exists():
        raise errors.NotFound(
            "there is nothing here to export", where=str(folder), hint="name it with --data"
        )


async def _bring_up_to_date(settings: Settings, folder: Path) -> None:
    """Let an older version's files be migrated, where no server has them open: a server has done so."""
    lock = Lock(folder)
    try:
        lock.acquire()
    except errors.StoreUnavailable:
        return
    try:
        await (await open_store(settings, folder)).close()
    finally:
        lock.release()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    lock = Lock(folder)
    lock.acquire()
    try:
        yield
    finally:
        lock.release()
