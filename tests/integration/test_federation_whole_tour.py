"""The whole walk by one script, with a service called on the way: from discovery to the end of both agreements."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from sympolis.cli.client import Client, Reply
from sympolis.cli.federation_tour import Tour
from sympolis.dataspace.dsp.processes import Agreement, Transfer
from sympolis.domain import errors
from sympolis.plugins import loader
from sympolis.testing.offering import SERVICE, simulators_with_toy, write_offering
from sympolis.testing.trading import Pair, TradingTwin, two_twins


@dataclass(frozen=True, slots=True)
class Inside:
    """Carries a command's requests to a twin of the pair."""

    pair: Pair
    twin: TradingTwin
    base: str = "http://b.test"

    def send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
        document = None if not body else json.loads(body)
        answer = self.pair.run(self.twin.ask(method, path, document))
        self.pair.settle()
        return Reply(answer.status, {name.lower(): value for name, value in answer.headers}, answer.body)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("tour")
    registry = simulators_with_toy()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loader, "simulators", lambda: registry)
        for name in ("a", "b"):
            write_offering(folder / name)
        with two_twins(folder) as found:
            yield found


def tour(pair: Pair, told: list[str], **more: str) -> Tour:
    twin = Client(Inside(pair, pair.consumer))
    return Tour(
        twin,
        pair.provider.id,
        lambda step, words: told.append(f"{step}: {words}"),
        pause=lambda _: None,
        **more,
    )


def test_from_discovery_to_the_end_with_a_service_called_on_the_way(pair: Pair) -> None:
    told: list[str] = []
    found = tour(pair, told, service="entry-charge").run()
    steps = [one["step"] for one in found["steps"]]
    assert steps == [
        *("discover", "compatibility", "negotiate", "transfer", "negotiate", "call"),
        *("usage", "usage", "terminate", "terminate"),
    ]
    [call] = [one for one in told if one.startswith("call: ")]
    assert "entry-charge" in call and "toy 1.0.0" in call
    assert SERVICE in {one.dataset for one in pair.provider.desk.book.page(Agreement)}
    assert all(one.ended is not None for one in pair.consumer.desk.book.page(Agreement))
    assert all(one.is_over for one in pair.provider.desk.book.page(Transfer))
    with pytest.raises(errors.NotFound):
        tour(pair, [], service="nothing-like-it").run()
