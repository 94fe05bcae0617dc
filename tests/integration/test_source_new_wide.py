"""`source new` on wide tables: a column for each year, or for each hour of a day."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sympolis.acquisition.ledger import MemoryLedger, RunSummary
from sympolis.city import acquiring, check, package, scaffold
from sympolis.city.proposing import propose, write_into
from sympolis.city.proposing.proposal import Proposal, Wish
from sympolis.context.broker import Broker
from sympolis.context.query import HistoryQuery, Query, TypeIs
from sympolis.context.terms import Contexts
from sympolis.governance.datamodels.registry import Registry
from sympolis.plugins import loader
from sympolis.stores.memory import MemoryStore

WISH = Wish(owner="Comune", licence="CC-BY-4.0", url="https://data.trento.example/x")
NOW = datetime(2025, 6, 1, tzinfo=UTC)


@pytest.fixture
def town(tmp_path: Path) -> Path:
    folder = tmp_path / "trento"
    scaffold.new(folder, name="Trento", bbox=(11.05, 46.0, 11.2, 46.15))
    return folder


def taken_in(town: Path, file: Path) -> tuple[Proposal, RunSummary, list[tuple[str, datetime, Any]]]:
    """The proposal, what came of it, and every observation with its entity and time."""
    found = propose(file, package.load(town), Registry(), WISH)
    write_into(town, found, file)
    assert [one for one in check.check(town) if one.error] == []
    city = package.load(town)
    terms, broker = Contexts().resolve_local(city.context["@context"]), Broker(MemoryStore())
    coordinator = acquiring.coordinator(
        city, broker, terms, connectors=loader.connectors(), ledger=MemoryLedger(), clock=lambda: NOW
    )

    async def work() -> tuple[RunSummary, list[tuple[str, datetime, Any]]]:
        summary = await coordinator.run(found.id)
        wanted = Query(types=TypeIs(terms.expand(found.mapping["entity_type"])), limit=1000)
        series = (await broker.history(HistoryQuery(wanted))).series
        return summary, [
            (one.entity_id.rpartition(":")[2], point.at, point.value)
            for one in series
            for point in one.observations
        ]

    return found, *asyncio.run(work())


def test_a_column_for_each_year(town: Path, tmp_path: Path) -> None:
    file = tmp_path / "residents-by-area.csv"
    years = range(2018, 2025)
    lines = ["Codice;Area;" + ";".join(f"Residenti {year}" for year in years)]
    lines += [f"A{n};Area {n};" + ";".join(str(1000 + 10 * n + year) for year in years) for n in range(20)]
    file.write_text("\n".join(lines), encoding="utf-8")
    found, summary, points = taken_in(town, file)
    assert found.mapping["unpivot"] == {
        "columns": "Residenti {}", "kind": "year", "key": "year", "value": "residenti"
    }  # fmt: skip
    assert "7 columns are a year each" in found.notes["mapping.unpivot"]
    assert (summary.read, summary.quarantined) == (20 * 7, 0)
    assert len({(entity, at) for entity, at, _ in points}) == 140
    assert max(value for _, _, value in points) == 1000 + 190 + 2024


def test_a_column_for_each_hour(town: Path, tmp_path: Path) -> None:
    file = tmp_path / "loops.csv"
    lines = ["loop,date," + ",".join(f"h{hour:02d}" for hour in range(24))]
    counts = [(n, ",".join(str(100 * n + hour) for hour in range(24))) for n in range(3)]
    lines += [f"L{n},2024-05-0{day},{row}" for n, row in counts for day in (6, 7)]
    file.write_text("\n".join(lines), encoding="utf-8")
    found, summary, points = taken_in(town, file)
    assert found.mapping["unpivot"]["kind"] == "hour"
    assert found.mapping["time"]["fields"] == ["date", "hour"]
    assert (summary.read, summary.quarantined, len(points)) == (3 * 2 * 24, 0, 144)
    [value] = [
        value for entity, at, value in points if entity == "L2" and at == datetime(2024, 5, 7, 15, tzinfo=UTC)
    ]
    assert value == 217, "17:00 in Trento"


def test_a_column_for_each_category(town: Path, tmp_path: Path) -> None:
    file = tmp_path / "cars-by-fuel.csv"
    fuels = ("petrol", "diesel", "lpg", "methane", "electric")
    lines = ["area,date," + ",".join(f"cars_{fuel}" for fuel in fuels)]
    lines += [
        f"A{n},2024-12-31," + ",".join(str(900 // (rank + 1) + n) for rank in range(5)) for n in range(20)
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    found, summary, _ = taken_in(town, file)
    assert found.mapping["unpivot"] == {
        "columns": "cars_{}",
        "kind": "text",
        "key": "category",
        "value": "cars",
    }
    assert "5 columns are a category each (cars_petrol … cars_electric)" in found.notes["mapping.unpivot"]
    assert found.confidence["mapping.unpivot"] < 0.8 and (summary.read, summary.quarantined) == (20 * 5, 0)


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("id,size_a,size_b,size_c", "{n},1,2,3"),  # three only
        ("id,size_1,size_2,size_3,size_4", "{n},1,2,3,4"),  # numbered, not named
        ("id,code_a,code_b,code_c,code_d", "{n},0{n},01,02,03"),  # codes, not counts
        ("id,sum_a,sum_b,sum_c,sum_d", "{n},1,2,90000,4"),  # not of one size
        ("id,at_a,at_b,at_c,at_d", "{n},1,2,3,4"),  # nothing to speak of is shared
    ],
)
def test_columns_that_share_a_word_only_are_no_categories(
    town: Path, tmp_path: Path, header: str, row: str
) -> None:
    file = tmp_path / "things.csv"
    file.write_text("\n".join([header, *(row.format(n=n) for n in range(1, 21))]), encoding="utf-8")
    assert "unpivot" not in propose(file, package.load(town), Registry(), WISH).mapping


def test_columns_that_only_look_like_it_stay(town: Path, tmp_path: Path) -> None:
    file = tmp_path / "trees.csv"
    lines = ["code,planted2019,height_1,height_2", *(f"T{n},yes,{n},{n + 1}" for n in range(20))]
    file.write_text("\n".join(lines), encoding="utf-8")
    assert "unpivot" not in propose(file, package.load(town), Registry(), WISH).mapping


def test_braces_in_a_columns_name_are_letters(town: Path, tmp_path: Path) -> None:
    file = tmp_path / "odd.csv"
    lines = ["code;" + ";".join(f"a}}b {year}" for year in range(2018, 2025))]
    lines += [f"A{n};" + ";".join(str(n + year) for year in range(7)) for n in range(20)]
    file.write_text("\n".join(lines), encoding="utf-8")
    assert propose(file, package.load(town), Registry(), WISH).mapping["unpivot"]["columns"] == "a}b {}"
