"""A new city's package passes the check as it is written, and its twin has something on the map."""

import asyncio
from pathlib import Path

import pytest

from sympolis.acquisition.ledger import MemoryLedger
from sympolis.city import acquiring, check, package, scaffold
from sympolis.context.broker import Broker
from sympolis.context.terms import Contexts
from sympolis.domain import errors
from sympolis.plugins import loader
from sympolis.stores.memory import MemoryStore

BBOX = (11.05, 46.0, 11.2, 46.15)


def test_a_new_package_has_nothing_to_mend_and_runs(tmp_path: Path) -> None:
    scaffold.new(tmp_path / "trento", name="Trento", bbox=BBOX)
    assert check.check(tmp_path / "trento") == []
    city = package.load(tmp_path / "trento")
    terms = Contexts().resolve_local(city.context["@context"])
    connectors, ledger = loader.connectors(), MemoryLedger()
    twin = acquiring.coordinator(city, Broker(MemoryStore()), terms, connectors=connectors, ledger=ledger)
    assert [run.accepted for run in asyncio.run(twin.run_all())] == [1]


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    with pytest.raises(errors.AlreadyExists):
        scaffold.new(tmp_path, name="Trento", bbox=BBOX)


def test_an_id_that_cannot_be_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.CityPackageInvalid, match="small letters"):
        scaffold.new(tmp_path / "San Lazzaro", name="San Lazzaro", bbox=BBOX)
