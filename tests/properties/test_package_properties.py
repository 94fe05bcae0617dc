"""Whatever a package's files say, the check answers with findings: it never raises."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sympolis.city import check, folder
from sympolis.testing.small_city import write_package

scalars = st.one_of(
    st.booleans(),
    st.integers(-10, 200),
    st.floats(allow_nan=False),
    st.sampled_from(
        ["", "{", "{}", "{a.b}", "h{i:02d}", "name", "intensity", "csv", "EPSG:25832", "KMH", "P1D", "../x"]
    ),
    st.text(max_size=8),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_package(tmp_path_factory.mktemp("cities") / "smallville")


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document where something stands."""
    found = [path] if path else []
    items = (
        document.items()
        if isinstance(document, dict)
        else enumerate(document)
        if isinstance(document, list)
        else ()
    )
    for key, value in items:
        found += places(value, (*path, key))
    return found


def changed(document: dict[str, Any], path: tuple[Any, ...], value: Any) -> None:
    target: Any = document
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value


@given(data=st.data())
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_check_never_raises(package: Path, data: st.DataObject) -> None:
    files = sorted(str(path.relative_to(package)) for path in package.rglob("*.toml"))
    file = data.draw(st.sampled_from(files))
    document = tomllib.loads((package / file).read_text(encoding="utf-8"))
    for _ in range(data.draw(st.integers(1, 3))):
        spots = places(document)
        if spots:
            changed(document, data.draw(st.sampled_from(spots)), data.draw(values))

    def read(contents: folder.Contents, name: str) -> Any:
        return document if name == file else tomllib.loads((package / name).read_text(encoding="utf-8"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folder, "_toml", read)
        findings = check.check(package)
    assert all(finding.where and finding.message for finding in findings)
