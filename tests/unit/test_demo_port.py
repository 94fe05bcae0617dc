"""Demos of two cities run side by side: the second takes another port."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from sympolis.cli import federation_demo
from sympolis.cli.serve import free_port


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_that_is_taken_is_passed_over(taken: int) -> None:
    assert taken < free_port(taken) < taken + 20


def test_a_port_that_is_free_is_taken(taken: int) -> None:
    free = free_port(taken)
    assert free_port(free) == free


def test_the_cities_of_a_federation_get_a_port_each_past_what_is_taken(
    taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(federation_demo, "cities", lambda: ["north", "south"])
    (north, first), (south, second) = federation_demo._places({"port": taken})
    assert (north, south) == ("north", "south") and taken < first < second
