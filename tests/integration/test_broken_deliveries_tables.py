"""A broken table arrives: the steward reads why, in their language; the twin keeps the last good state and says so.

Every test is one delivery as it could come on a Monday morning, through the real coordinator over a small city.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from sympolis.testing.small_city import write_package
from sympolis.testing.steward import Desk, desk_of


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A town whose hourly counts of three days are in."""
    return desk_of(write_package(tmp_path / "smallville"), tmp_path / "deliveries")


def good(desk: Desk) -> str:
    return (desk.folder / "samples/counts.csv").read_text()


def each_count(table: str, change: object) -> str:
    """The table with ``change`` made to every count."""
    head, *rows = table.splitlines()
    assert callable(change)
    changed = []
    for row in rows:
        loop, day, *counts = row.split(",")
        changed.append(",".join([loop, day, *(str(change(int(count))) for count in counts)]))
    return "\n".join([head, *changed]) + "\n"


def test_the_columns_are_separated_by_semicolons(desk: Desk) -> None:
    desk.deliver("counts", good(desk).replace(",", ";"))
    desk.expect_refused(
        "counts",
        it="Le colonne sono separate da punto e virgola, non da virgole.",
        de="Die Spalten sind durch Strichpunkte getrennt, nicht durch Kommas.",
    )


def test_a_column_has_shifted_by_one(desk: Desk) -> None:
    head, *rows = good(desk).splitlines()
    desk.deliver("counts", "\n".join([head, *("," + row for row in rows)]))
    desk.expect_refused("counts", it="una colonna sembra spostata", de="12 von 12 Zeilen")


def test_all_values_have_moved_one_column_to_the_right(desk: Desk) -> None:
    head, *rows = good(desk).splitlines()
    moved = ["x," + row.rpartition(",")[0] for row in rows]
    desk.deliver("counts", "\n".join([head, *moved]))
    desk.expect_refused("counts", it="12 righe su 12 non passano", de="„date“", en="'0' is not a time")


def test_a_column_is_called_something_else(desk: Desk) -> None:
    desk.deliver("counts", good(desk).replace("loop,date", "spira,date"))
    desk.expect_refused(
        "counts", it="L'intestazione è cambiata: manca loop", en="The file has: spira, date, h00"
    )


def test_the_file_ends_in_the_middle_of_a_row(desk: Desk) -> None:
    table = good(desk)
    desk.deliver("counts", table[: len(table) // 2])
    desk.expect_refused("counts", it="l'ultima volta erano 12", de="beim letzten Mal waren es 12")


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
def test_a_cut_table_says_how_many_rows_came_and_how_many_there_were(desk: Desk, share: float) -> None:
    table = good(desk)
    cut = table[: int(len(table) * share)]
    rows = len(cut.splitlines()) - 1
    desk.deliver("counts", cut)
    desk.expect_refused(
        "counts",
        it="La consegna sembra tagliata: l'ultima riga è incompleta. "
        f"Sono arrivate {rows} righe; l'ultima volta erano 12.",
        de="Die Lieferung wirkt abgeschnitten",
        en=f"looks cut off: its last line is incomplete. {rows} rows arrived; the last time there were 12.",
    )


def test_a_table_without_a_last_line_end_is_whole(desk: Desk) -> None:
    desk.deliver("counts", good(desk).replace(",100,", ",108,", 1).rstrip("\n"))
    assert desk.run("counts").accepted == 1


def test_the_values_are_ten_times_too_large(desk: Desk) -> None:
    desk.deliver("counts", each_count(good(desk), lambda count: count * 10))
    desk.expect_refused(
        "counts",
        it="I valori di «intensity» sono circa 10 volte quelli consueti",
        de="etwa das 10-Fache",
    )


def test_the_values_are_ten_times_too_small(desk: Desk) -> None:
    desk.deliver("counts", each_count(good(desk), lambda count: count / 10))
    desk.expect_refused("counts", en="about 0.1 times the usual ones")


def test_only_a_busier_week_is_no_fault(desk: Desk) -> None:
    desk.deliver("counts", each_count(good(desk), lambda count: count * 2))
    assert desk.run("counts").state == "done"
    assert desk.alarm("counts") is None


def test_the_same_delivery_comes_twice(desk: Desk) -> None:
    desk.deliver("counts", each_count(good(desk), lambda count: count + 1))
    assert desk.run("counts").accepted == 11
    before = desk.position()
    desk.deliver("counts", each_count(good(desk), lambda count: count + 1))
    again = desk.run("counts")
    assert again.skipped and again.accepted == 0
    assert again.explained["it"].startswith("È la stessa consegna dell'ultima volta")
    assert desk.position() == before


def test_every_row_is_in_the_file_twice(desk: Desk) -> None:
    head, *rows = each_count(good(desk), lambda count: count + 1).splitlines()
    desk.deliver("counts", "\n".join([head, *rows, *rows]))
    taken = desk.run("counts")
    assert (taken.read, taken.accepted, taken.duplicates) == (24, 11, 13 - 1)
    assert taken.explained["de"] == "12 von 24 Zeilen sind Wiederholungen."


def test_the_text_is_in_another_encoding(desk: Desk) -> None:
    table = good(desk).replace("loop,", "loop,").replace("h00,", "h00,", 1)
    desk.deliver("counts", table.replace("\n", ",è\n", 1).encode("cp1252"))
    desk.expect_refused("counts", it="Il testo non è scritto in utf-8-sig; sembra cp1252.")


def test_the_file_is_empty(desk: Desk) -> None:
    desk.deliver("counts", "")
    desk.expect_refused("counts", it="Il file è vuoto.", de="Die Datei ist leer.", en="The file is empty.")


def test_the_portal_sends_its_login_page(desk: Desk) -> None:
    desk.deliver("counts", "<!DOCTYPE html><html><head><title>Accesso richiesto</title></head></html>")
    desk.expect_refused("counts", it="è arrivata una pagina web («Accesso richiesto»)", de="Anmeldeseite")


def test_the_clock_of_the_sender_is_ten_years_ahead(desk: Desk) -> None:
    desk.deliver("counts", good(desk).replace("2024-", "2034-"))
    desk.expect_refused("counts", it="12 righe su 12 non passano", en="is in the future")


def test_a_workbook_comes_instead_of_a_table(desk: Desk) -> None:
    desk.deliver("counts", b"PAR1" + bytes(200) + b"PAR1")
    desk.expect_refused("counts", it="Il file non è del tipo concordato: è .parquet.")


def test_an_ordinary_run_does_not_silence_the_alarm(desk: Desk) -> None:
    desk.deliver("counts", "")
    desk.expect_refused("counts", it="Il file è vuoto.")
    assert desk.run("counts", retrieve=False).state == "done", "the last good state is read again"
    assert desk.alarm("counts") is not None, "but nobody has mended the delivery"


def test_a_mended_delivery_ends_the_alarm(desk: Desk) -> None:
    desk.deliver("counts", "")
    desk.expect_refused("counts", it="Il file è vuoto.")
    desk.deliver("counts", each_count(good(desk), lambda count: count + 1))
    assert desk.run("counts").accepted == 11
    assert desk.alarm("counts") is None


def test_a_person_may_take_what_looks_wrong(desk: Desk) -> None:
    desk.deliver("counts", each_count(good(desk), lambda count: count * 10))
    desk.expect_refused("counts", it="10 volte")
    taken = desk.run("counts", retrieve=False, accept=True)
    assert taken.state == "done" and taken.accepted == 11
    assert desk.alarm("counts") is None


def test_the_last_good_delivery_outlives_any_number_of_broken_ones(desk: Desk) -> None:
    desk.deliver("counts", each_count(good(desk), lambda count: count + 1))
    assert desk.run("counts").accepted == 11
    for number in range(8):
        desk.deliver("counts", f"<html><title>Errore {number}</title></html>")
        desk.expect_refused("counts", it=f"Errore {number}")
    assert [one["refused"] is None for one in desk.deliveries("counts")].count(True) == 1
