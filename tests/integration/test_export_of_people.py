"""What was said, decided, noticed and agreed comes back from a backup, with the keys that prove it, kept private."""

from __future__ import annotations

import asyncio
import stat
from datetime import UTC, datetime
from pathlib import Path

from sympolis.app.deciding import KeySealing
from sympolis.app.federating import FOLDER
from sympolis.app.moving import of_people_and_partners
from sympolis.app.voice_key import KEY, secret_key
from sympolis.context.dumps import whole
from sympolis.context.dumps.files import DumpReader, DumpWriter
from sympolis.dataspace.credentials.keys import KeyRing
from sympolis.decision import dossier
from sympolis.decision.dossier import Decision, Kind, Seal
from sympolis.decision.notices.rule import About, Rule
from sympolis.decision.shelf import Shelf
from sympolis.stores.embedded.federation import FederationBook
from sympolis.stores.embedded.notices import EmbeddedNotices

AT = datetime(2026, 3, 2, tzinfo=UTC)
ID = "decision-20260302-0123abcd"
DRAFT = Decision(id=ID, title="A", question="Why?", author="anna", created_at=AT, modified_at=AT)
CONTENT = {"decision": {"outcome": "rejected", "run": None, "reasons": "No."}}


def lived_in(folder: Path) -> bytes:
    """A data folder in which something was decided, noticed and said; the key of participation."""
    book = FederationBook.open(folder / FOLDER)
    sealing = KeySealing(KeyRing(book))
    seal = Seal(kind=Kind.DECISION, at=AT, by="anna", content=CONTENT)
    Shelf(folder / "decisions").keep(dossier.sealed(DRAFT, seal, sealing))
    book.close()
    notices = EmbeddedNotices.open(folder)
    notices.keep_rule(Rule(id="sources", title={"en": "Sources"}, about=About.SOURCE, subject="*"))
    notices.close()
    (folder / "assessment").mkdir()
    (folder / "assessment" / "answers.json").write_text("{}", encoding="utf-8")
    return secret_key(folder)


def moved(there: Path, back: Path, dump: Path) -> None:
    async def move() -> None:
        writer = DumpWriter(whole.empty_folder(dump))
        await whole.dump(of_people_and_partners(there), writer, version="t", of={})
        for part in of_people_and_partners(back):
            assert await part.present() == ""
            await part.restore(DumpReader(dump))

    asyncio.run(move())


def test_all_of_it_comes_back_and_still_proves_itself(tmp_path: Path) -> None:
    there, back, dump = tmp_path / "there", tmp_path / "back", tmp_path / "dump"
    key = lived_in(there)
    moved(there, back, dump)
    book = FederationBook.open(back / FOLDER)
    decision = Shelf(back / "decisions").get(ID)
    assert dossier.faults(decision, KeySealing(KeyRing(book))) == []
    book.close()
    notices = EmbeddedNotices.open(back)
    assert [rule.id for rule in notices.rules()] == ["sources"]
    notices.close()
    assert secret_key(back) == key and (back / "assessment" / "answers.json").exists()


def test_nobody_else_may_read_the_keys_in_a_dump(tmp_path: Path) -> None:
    there, back, dump = tmp_path / "there", tmp_path / "back", tmp_path / "dump"
    lived_in(there)
    moved(there, back, dump)
    secrets = [path for path in dump.rglob("*") if path.name in (KEY, "federation.sqlite", "notices.sqlite")]
    assert len(secrets) == 3
    for path in (*secrets, back / KEY):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
