"""What `sympolis new` refuses, and that nothing is overwritten; that it works is proved by the tutorial's test."""

from pathlib import Path

import pytest

from sympolis.city import scaffold as city_scaffold
from sympolis.city import service_scaffold
from sympolis.domain import errors
from sympolis.plugins import scaffold


@pytest.mark.parametrize(
    ("name", "about"), [("Night", "Tree"), ("night-noise", "Tree"), ("x", "Tree"), ("night", "tree")]
)
def test_names_that_cannot_be_are_refused(tmp_path: Path, name: str, about: str) -> None:
    with pytest.raises(errors.InvalidRequest):
        scaffold.simulator(tmp_path / "model", name, about=about)
    assert not (tmp_path / "model").exists()


def test_a_title_cannot_break_the_code_it_stands_in(tmp_path: Path) -> None:
    for path in scaffold.simulator(tmp_path / "model", "night", about="Tree", title='Night """ + "$x'):
        if path.suffix == ".py":
            compile(path.read_text(), str(path), "exec")


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    with pytest.raises(errors.AlreadyExists):
        scaffold.simulator(tmp_path, "night", about="Tree")


def test_a_service_needs_a_model_of_its_city(tmp_path: Path) -> None:
    city_scaffold.new(tmp_path / "trento", name="Trento", bbox=(11.05, 46.0, 11.2, 46.15))
    with pytest.raises(errors.NotFound, match="no model 'traffic'"):
        service_scaffold.new(tmp_path / "trento", "quiet", model="traffic")


def test_a_service_of_a_city_with_scenarios_has_their_levers(tmp_path: Path) -> None:
    city = city_scaffold.new(tmp_path / "trento", name="Trento", bbox=(11.05, 46.0, 11.2, 46.15))[0].parent
    for place, text in {
        "models/traffic.toml": 'id = "traffic"\nsimulator = "sumo_traffic"\n',
        "scenarios/slow.toml": (
            'id = "slow"\nmodel = "traffic"\ntitle = { en = "Slow" }\nquestion = { en = "?" }\n'
            '[[overrides]]\nmeasure = "limit_speed"\nwhere = { area = "urn:x" }\nparameters = { speed_kmh = 30 }\n'
        ),
    }.items():
        (city / place).parent.mkdir()
        (city / place).write_text(text)
    text = service_scaffold.new(city, "quiet", model="traffic").read_text()
    assert 'scenarios = ["slow"]' in text and 'measure = "limit_speed"' in text
    with pytest.raises(errors.AlreadyExists):
        service_scaffold.new(city, "quiet", model="traffic")
