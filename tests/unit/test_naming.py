"""One simulator under a city's own names for things."""

import pytest

from sympolis.domain import errors
from sympolis.orchestration.naming import named
from sympolis.orchestration.worker import reference_to, resolve
from sympolis.testing.simulators import ToySimulator


def test_only_the_need_that_is_named_changes() -> None:
    found = named(ToySimulator, {"segments": "Footpath"}, "model toy")
    assert [need.type for need in found.needs] == ["Footpath", "ItemFlowObserved"]
    assert ToySimulator.needs[0].type == "RoadSegment"


def test_a_worker_loads_the_plugin_s_own_class() -> None:
    assert resolve(reference_to(named(ToySimulator, {"segments": "Footpath"}, "model toy"))) is ToySimulator


def test_the_same_names_give_the_same_class() -> None:
    types = {"segments": "Footpath"}
    assert named(ToySimulator, types, "a") is named(ToySimulator, dict(types), "b")
    assert named(ToySimulator, {}, "a") is ToySimulator


def test_a_need_that_the_model_does_not_have_is_refused() -> None:
    with pytest.raises(errors.SettingsInvalid, match="segment") as refused:
        named(ToySimulator, {"segment": "Footpath"}, "model toy")
    assert "segments" in (refused.value.hint or "")
