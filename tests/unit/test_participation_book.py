"""The book of participation: what was acknowledged is there after the process died, whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from sympolis.app.voice_key import KEY, secret_key
from sympolis.decision.participation.project import Kind
from sympolis.decision.participation.record import Comment, Contribution, Invitation, Photo, Rating, State
from sympolis.stores.embedded.participation import EmbeddedParticipation

NOW = datetime(2026, 5, 4, tzinfo=UTC)
ANNA, BERT = "a" * 32, "b" * 32


def contribution(name: str = "c-1", author: str = ANNA) -> Contribution:
    return Contribution(
        id=name, project="square", author=author, name="Lime", title="Shade", text="Plant trees.", at=NOW,
        state=State.PUBLISHED, phase="collect", kind=Kind.IDEA, category="green", age="old", photos=("f-1",),
    )  # fmt: skip


def comment(author: str = BERT) -> Comment:
    return Comment(
        id="k-1",
        project="square",
        contribution="c-1",
        author=author,
        name="",
        text="Yes.",
        at=NOW,
        state=State.PUBLISHED,
    )


def filled(folder: Path) -> EmbeddedParticipation:
    book = EmbeddedParticipation.open(folder)
    photo = Photo(id="f-1", contribution="c-1", project="square", media="image/jpeg", body=b"\xff\xd8")
    book.keep([contribution(), comment()], photos=[photo])
    book.rate(Rating("c-1", "square", BERT, 1))
    book.keep_invitations([Invitation(author=ANNA, project="square", made_at=NOW, expires=NOW)])
    return book


def test_what_was_kept_is_there_after_the_next_start(tmp_path: Path) -> None:
    filled(tmp_path).close()
    book = EmbeddedParticipation.open(tmp_path)
    assert book.contribution("c-1") == contribution() and book.comments("square") == [comment()]
    assert book.tallies("square")["c-1"].up == 1 and book.photo("f-1").body == b"\xff\xd8"  # type: ignore[union-attr]


def test_erasing_reaches_photos_ratings_and_links_of_one_person(tmp_path: Path) -> None:
    book = filled(tmp_path)
    book.rate(Rating("c-1", "square", ANNA, -1))
    book.erase("square", ANNA, [])
    assert book.photo("f-1") is None and book.invitation("square", ANNA) is None
    assert [one.author for one in book.ratings("square")] == [BERT]


def test_unlinking_leaves_words_and_counts(tmp_path: Path) -> None:
    book = filled(tmp_path)
    assert book.unlink("square") == 4
    assert book.unlink("square") == 0
    kept = book.contribution("c-1")
    assert kept is not None and (kept.author, kept.name, kept.age, kept.text) == ("", "", "", "Plant trees.")
    assert book.tallies("square")["c-1"].up == 1
    assert ANNA not in str(book.ratings("square")) + str(book.comments("square"))


def test_a_process_that_dies_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    program = f"""
import os, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from test_participation_book import contribution, filled
book = filled(Path({str(tmp_path)!r}))
for number in range(50):
    book.keep([contribution(f"c-{{number}}")])
    print(number, flush=True)
os.kill(os.getpid(), 9)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=os.environ, check=False
    )
    acknowledged = done.stdout.split()
    assert len(acknowledged) == 50, done.stderr
    book = EmbeddedParticipation.open(tmp_path)
    assert {one.id for one in book.contributions("square")} == {f"c-{number}" for number in acknowledged}


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    key = secret_key(tmp_path / "data")
    assert secret_key(tmp_path / "data") == key and len(key) == 32
    assert (tmp_path / "data" / KEY).stat().st_mode & 0o077 == 0
