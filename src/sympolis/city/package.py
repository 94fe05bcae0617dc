"""Where the rest of the platform gets a city from: ``load("trento")`` or ``load(path)``.

Values are in ``city.schema``; a package with any mistake does not load, and the error lists all of them.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from sympolis.city import check
from sympolis.city.schema import City
from sympolis.domain import errors

__all__ = ["City", "homes", "load", "locate"]


def locate(name_or_path: str | Path) -> Path:
    """The folder of a city package given by path, or by name from a checkout or the installed wheel.

    Raises ``CityPackageInvalid`` naming where it was looked for.
    """
    places = [Path(name_or_path), *(home / str(name_or_path) for home in homes())]
    for place in places:
        if (place / "city.toml").is_file():
            return place.resolve()
    looked = ", ".join(str(place) for place in places)
    hint = f"give a folder with a city.toml; looked at {looked}"
    raise errors.CityPackageInvalid("there is no such city package", where=str(name_or_path), hint=hint)


def homes() -> list[Path]:
    """The folders that hold city packages by name: the checkout's ``cities/``, then the wheel's."""
    checkout = Path(__file__).parents[3] / "cities"
    packaged = Path(str(files("sympolis"))) / "cities"
    return [home for home in (checkout, packaged) if home.is_dir()]


def load(name_or_path: str | Path) -> City:
    """The whole package. Raises ``CityPackageInvalid`` with every mistake in its message."""
    city, findings = check.inspect(locate(name_or_path))
    wrong = [finding for finding in findings if finding.error]
    if city is None or wrong:
        first, *rest = wrong
        more = "".join(f"\n{finding}" for finding in rest)
        raise errors.CityPackageInvalid(first.message + more, where=first.where, hint=first.hint)
    return city
