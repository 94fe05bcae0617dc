"""Recommendations over HTTP: a service fills in what it declares; mistakes are the client's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sympolis.testing.small_twin import SmallTwin, small_twin


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallTwin]:
    with small_twin(tmp_path_factory.mktemp("recommendations")) as found:
        yield found


def test_none_are_listed_at_first_and_an_unknown_one_is_not_found(twin: SmallTwin) -> None:
    assert twin.client.get("/api/recommendations").json == {"recommendations": []}
    assert twin.client.get("/api/recommendations/recommendation-0").status == 404


@pytest.mark.parametrize(
    ("document", "status", "where"),
    [
        ({"service": "entry-charge", "levers": []}, 400, "objective"),
        ({"service": "no-such", "levers": []}, 404, None),
        ({"service": 3, "levers": []}, 400, "service"),
        ({"model": "toy", "objective": "nox", "budget": {"travel": 1}, "levers": []}, 400, "levers"),
        (
            {
                "model": "toy", "objective": "nox", "budget": {"travel": 1},
                "levers": [{"measure": "limit_speed", "parameter": "speed_kmh", "amounts": [30]}],
            },
            400,
            "levers[0].measure",
        ),
        ({"levers": []}, 400, "model"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(
    twin: SmallTwin, document: dict[str, object], status: int, where: str | None
) -> None:
    answer = twin.client.post("/api/recommendations", document)
    assert answer.status == status
    if where is not None:
        assert answer.json["where"] == where
