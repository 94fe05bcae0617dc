"""A malformed city package: every mistake is found, named by file and field, and says what to do; nothing crashes."""

from pathlib import Path

import pytest

from sympolis.city import check, package
from sympolis.domain import errors
from sympolis.testing.small_city import write_package


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound package to break."""
    return write_package(tmp_path / "smallville")


def edit(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def errors_of(folder: Path) -> dict[str, str]:
    """Where → message and hint, of errors only."""
    return {
        finding.where: f"{finding.message} | {finding.hint}"
        for finding in check.check(folder)
        if finding.error
    }


def test_a_sound_package_has_nothing_to_mend(folder: Path) -> None:
    assert check.check(folder) == []
    city = package.load(folder)
    assert [source for source in city.sources] == ["streets", "loops", "areas", "counts"]


@pytest.mark.parametrize(
    ("file", "old", "new", "where", "part"),
    [
        ("city.toml", 'country = "IT"', "", "city.toml: country", "is missing"),
        ("city.toml", "bbox = [11.2, 44.4, 11.5, 44.6]", "bbox = [44.4, 11.2, 44.6]", "city.toml: bbox", "4 items"),
        ("city.toml", "11.2, 44.4, 11.5, 44.6", "11.5, 44.4, 11.2, 44.6", "city.toml: bbox", "west < east"),
        ("city.toml", "Europe/Rome", "Europe/Roma", "city.toml: timezone", "did you mean 'Europe/Rome'"),
        ("city.toml", "zoom", "zomo", "city.toml: view.zomo", "did you mean 'zoom'"),
        ("city.toml", "zoom = 14.0", "zoom = 99", "city.toml: view.zoom", "at most 22"),
        ("city.toml", 'languages = ["en"]', "languages = []", "city.toml: languages", "names no language"),
        ("city.toml", 'id = "smallville"', 'id = "smallville', "city.toml", "not valid TOML"),
        ("sources/counts.toml", 'mapping = "counts"', 'mapping = "count"', "sources/counts.toml: mapping", "'counts'"),
        ("sources/counts.toml", '"csv"', '"cvs"', "sources/counts.toml: connector", "did you mean 'csv'"),
        ("sources/counts.toml", 'id = "counts"', 'id = "loops2"', "sources/counts.toml: id", "called 'counts'"),
        ("sources/counts.toml", "samples/counts.csv", "samples/x.csv", "sources/counts.toml: path", "build-samples"),
        ("sources/counts.toml", "samples/counts.csv", "../x.csv", "sources/counts.toml: path", "leads out"),
        ("sources/counts.toml", "https://", "ftp://", "sources/counts.toml: url", "does not look like"),
        ("sources/counts.toml", "https://", "https://me:x@", "sources/counts.toml: url", "does not look like"),
        ("sources/loops.toml", "order", 'crs = "EPSG:999999"\norder', "sources/loops.toml: crs",
         "not a known coordinate"),
        ("sources/counts.toml", "low = 0", 'low = "0"', "sources/counts.toml: expectations.attributes.intensity.low",
         "expected a number"),
        ("sources/counts.toml", "attributes.intensity", "attributes.intensty",
         "sources/counts.toml: expectations.attributes.intensty", "did you mean 'intensity'"),
        ("sources/counts.toml", "[expectations]", '[settings]\ndelimeter = ";"\n[expectations]',
         "sources/counts.toml: settings.delimeter", "did you mean 'delimiter'"),
        ("sources/counts.toml", "[expectations]", '[settings]\nencoding = "utf8000"\n[expectations]',
         "sources/counts.toml: settings.encoding", "not a known text encoding"),
        ("mappings/counts.toml", 'unit = "C62"', 'unit = "VEH"', "mappings/counts.toml: series[0].unit", "'VEH'"),
        ("mappings/counts.toml", 'unit = "C62"', 'unit = "KMH"\nfrom_unit = "CEL"',
         "mappings/counts.toml: series[0].unit", "does not convert"),
        ("mappings/counts.toml", "h{i:02d}", "h{hour}", "mappings/counts.toml: series[0].columns", "usable template"),
        ("mappings/counts.toml", "h{i:02d}", "h", "mappings/counts.toml: series[0].columns", "1 different names"),
        ("mappings/counts.toml", "[time]\nfields", "[tiem]\nfields", "mappings/counts.toml: tiem",
         "did you mean 'time'"),
        ("mappings/counts.toml", '[time]\nfields = ["date"]\nformat = "%Y-%m-%d"\n', "",
         "mappings/counts.toml: time", "intensity is observed"),
        ("mappings/loops.toml", 'field = "name"', 'field = "name"\nvalue = 3',
         "mappings/loops.toml: attributes[0].field", "exactly one of"),
        ("mappings/loops.toml", 'field = "name"', 'field = "name"\nkind = "Proprety"',
         "mappings/loops.toml: attributes[0].kind", "did you mean 'Property'"),
        ("mappings/loops.toml", 'name = "name"', 'name = "nmae"', "mappings/loops.toml: attribute nmae",
         "did you mean 'name'"),
        ("mappings/loops.toml", '"{id}"', '"{id"', "mappings/loops.toml: entity_id", "usable template"),
        ("mappings/loops.toml", '"{id}"', '"{id.x}"', "mappings/loops.toml: entity_id", "reaches into"),
        ("mappings/loops.toml", 'form = "record"', 'form = "xy"', "mappings/loops.toml: geometry.fields", "takes 2"),
        ("mappings/loops.toml", '"ItemFlowObserved"', '"ItemFlow"', "mappings/loops.toml: entity_type",
         "not a term of the city's context"),
        ("contexts/smallville.jsonld", '"@context"', '"context"', "contexts/smallville.jsonld: @context",
         "object of terms"),
        ("contexts/smallville.jsonld", "{", "", "contexts/smallville.jsonld", "not valid JSON"),
        ("dashboards/map.toml", 'kind = "line"', 'kind = "lines"', "dashboards/map.toml: layers[0].kind", "'line'"),
        ("dashboards/map.toml", 'id = "loops"', 'id = "streets"', "dashboards/map.toml: layers[1].id", "taken"),
        ("dashboards/map.toml", '"RoadSegment"', '"Road"', "dashboards/map.toml: layers[0].entity_type", "RoadSegment"),
        ("dashboards/map.toml", 'name = "intensity"', 'name = "flow"', "dashboards/map.toml: layers[1]: flow",
         "intensity"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(folder: Path, file: str, old: str, new: str, where: str, part: str) -> None:
    edit(folder, file, old, new)
    found = errors_of(folder)
    assert f"smallville/{where}" in found, found
    assert part in found[f"smallville/{where}"]


_MODEL = 'id = "traffic"\nsimulator = "sumo_trafic"\n[calibration]\nentity_type = "A"\nattribute = "b"\nsource = "x"\n'
_SCENARIO = """
id = "close"
model = "trafic"
base = "nothing"
title = { en = "Close" }
question = { en = "What if?" }
window = { start_hour = 9, end_hour = 9 }
[[overrides]]
measure = "close_street"
where = { segments = ["a"], area = "b" }
"""


def test_models_and_scenarios_are_held_against_what_there_is(folder: Path) -> None:
    for place, text in (("models/traffic.toml", _MODEL), ("scenarios/close.toml", _SCENARIO)):
        (folder / place).parent.mkdir()
        (folder / place).write_text(text, encoding="utf-8")
    found = errors_of(folder)
    assert set(found) == {
        "smallville/models/traffic.toml: simulator",
        "smallville/models/traffic.toml: calibration.source",
        "smallville/scenarios/close.toml: model",
        "smallville/scenarios/close.toml: base",
        "smallville/scenarios/close.toml: window",
        "smallville/scenarios/close.toml: overrides[0].where",
    }


def test_all_mistakes_of_all_files_are_reported_at_once(folder: Path) -> None:
    edit(folder, "city.toml", 'country = "IT"', "")
    edit(folder, "sources/loops.toml", 'connector = "geojson"', "connector = 5")
    edit(folder, "mappings/areas.toml", 'version = "1"', 'version = "one"')
    (folder / "dashboards/map.toml").write_bytes(b"\xff\xfe")
    places = {where.split(":")[0] for where in errors_of(folder)}
    assert places >= {
        "smallville/city.toml",
        "smallville/sources/loops.toml",
        "smallville/mappings/areas.toml",
        "smallville/dashboards/map.toml",
    }


def test_loading_a_broken_package_says_everything_in_one_error(folder: Path) -> None:
    edit(folder, "city.toml", 'country = "IT"', "")
    edit(folder, "mappings/counts.toml", 'unit = "C62"', 'unit = "VEH"')
    with pytest.raises(errors.CityPackageInvalid) as refused:
        package.load(folder)
    assert "city.toml: country" in str(refused.value)
    assert "mappings/counts.toml: series[0].unit" in str(refused.value)


def test_missing_translations_are_a_warning_only(folder: Path) -> None:
    edit(folder, "city.toml", 'languages = ["en"]', 'languages = ["en", "de"]')
    findings = check.check(folder)
    assert findings
    assert not any(finding.error for finding in findings)
    assert package.load(folder).facts.languages == ("en", "de")


def test_a_city_that_is_nowhere_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(errors.CityPackageInvalid) as refused:
        package.locate(tmp_path / "atlantis")
    assert "city.toml" in refused.value.hint


def test_a_city_is_found_by_name() -> None:
    assert (package.locate("bologna") / "city.toml").is_file()


def test_a_column_that_the_sample_lacks_is_named(folder: Path) -> None:
    edit(folder, "mappings/streets.toml", 'field = "length"', 'field = "lenght"')
    found = errors_of(folder)
    assert "has no column 'lenght'" in found["smallville/mappings/streets.toml"]
    assert "did you mean 'length'" in found["smallville/mappings/streets.toml"]


def test_a_sample_that_cannot_be_read_is_named(folder: Path) -> None:
    (folder / "samples/loops.geojson").write_text("{", encoding="utf-8")
    assert "smallville/sources/loops.toml: path" in errors_of(folder)


MODEL = '[model]\nname = "RoadSegment"\nversion = "1.0.0"\n[expectations]'


@pytest.mark.parametrize(
    ("old", "new", "where", "part"),
    [
        ('"RoadSegment"', '"RoadSegmnt"', "sources/streets.toml: model.name", "did you mean 'RoadSegment'"),
        ('"1.0.0"', '"9.0.0"', "sources/streets.toml: model.version", "there is 1.0.0"),
        ('"RoadSegment"', '"Tree"', "sources/streets.toml: model.name", "the mapping makes RoadSegment"),
    ],
)
def test_a_model_that_does_not_fit_is_named(folder: Path, old: str, new: str, where: str, part: str) -> None:
    edit(folder, "sources/streets.toml", "[expectations]", MODEL.replace(old, new))
    assert part in errors_of(folder)[f"smallville/{where}"]


def test_a_term_that_means_something_else_is_a_warning(folder: Path) -> None:
    edit(folder, "sources/streets.toml", "[expectations]", MODEL)
    found = {one.where: one for one in check.check(folder)}
    assert "does not judge it" in found["smallville/contexts/smallville.jsonld: length"].message
    assert errors_of(folder) == {}
