"""A small city that offers a service to its partners: the toy model, one lever, and a policy that says how often."""

from __future__ import annotations

from pathlib import Path

from sympolis.plugins import loader
from sympolis.plugins.loader import Manifest, Plugin, Registry
from sympolis.plugins.simulator import Simulator
from sympolis.testing.small_city import write_package

SERVICE, MODEL = "urn:sympolis:service:entry-charge", "urn:sympolis:model:toy"
_TOY = Manifest(
    id="toy",
    kind="simulator",
    version="1.0.0",
    class_name="ToySimulator",
    title={"en": "Toy traffic"},
    owner="Sympolis",
    licence="Apache-2.0",
)
_FILES = {
    "models/toy.toml": 'id = "toy"\nsimulator = "toy"\nversion = "1.0.0"\n[title]\nen = "Toy traffic"\n',
    "services/entry-charge.toml": """
id = "entry-charge"
model = "toy"
scenarios = []
indicators = ["nox", "travel"]
[title]
en = "Entry charge"
[question]
en = "What if driving in cost money?"
[audience]
en = "Tests"
[[levers]]
name = "charge"
measure = "charge_entry"
parameter = "charge_eur"
low = 0.0
high = 10.0
[levers.title]
en = "Charge"
""",
    "policies/release.toml": '[public]\nlicences = ["CC0-1.0"]\n',
    "policies/computing.toml": f"""
uid = "urn:smallville:computing"
[[permission]]
uid = "urn:smallville:computing:service"
action = "use"
target = "{SERVICE}"
[[permission.constraint]]
leftOperand = "count"
operator = "lteq"
rightOperand = 3
[[permission]]
uid = "urn:smallville:computing:model"
action = "use"
target = "{MODEL}"
[[permission.constraint]]
leftOperand = "purpose"
operator = "eq"
rightOperand = {{ "@id" = "dpv:ResearchAndDevelopment" }}
""",
}


def simulators_with_toy() -> Registry[type[Simulator]]:
    """Every simulator, and the toy: in the place of ``loader.simulators`` for as long as a test runs."""
    found = {one.manifest.id: one for one in loader.plugins() if one.manifest.kind == "simulator"}
    toy = Plugin(_TOY, "sympolis.testing.simulators", Path(__file__).parent)
    return Registry({**found, "toy": toy}, instances=False)


def write_offering(folder: Path) -> Path:
    """Write the package into ``folder``; the folder."""
    write_package(folder)
    for place, text in _FILES.items():
        file = folder / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder
