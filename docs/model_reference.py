"""The reference of models, written from what they declare: needs, results and parameters, with unit, range and source.

A model card says how a model works and how far it may be believed; this page holds what the code declares, so that no
card can carry a unit, a bound or a source that the model does not have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from sympolis.plugins import loader
from sympolis.plugins.simulator import FieldSpec, IndicatorSpec, Need, Parameter, Simulator

HEAD = """# Models

What each model declares: the data it needs, what it gives, and every parameter with unit, bounds, the range that
ensembles draw from, and the source. How a model works and how well it does stands in its [card](../models/).
"""

PARAMETERS_HEAD = "| parameter | unit | default | bounds | drawn from | source |\n|---|---|---|---|---|---|"


def page() -> str:
    """The page in Markdown: models that come with the platform, by id."""
    ours = Path(loader.__file__).parent
    found = [one for one in loader.plugins() if one.manifest.kind == "simulator"]
    models = [one.load() for one in found if one.folder.is_relative_to(ours)]
    return HEAD + "".join("\n" + "\n".join(_section(model)) for model in models)


def _section(model: type[Simulator]) -> Iterator[str]:
    yield f"## {model.id}\n"
    yield f"{model.description['en']} Version {model.version}; [card](../models/{model.id}.md).\n"
    yield f"**Valid for.** {model.validity['en']}\n"
    yield "| needs | of type | attributes | |\n|---|---|---|---|"
    yield from (_need(one) for one in model.needs)
    yield "\n| gives | of | unit | |\n|---|---|---|---|"
    yield from (_given(one, "the whole run") for one in model.indicators)
    each = "each place and hour" if model.hours_matter else "each place"
    yield from (_given(one, each) for one in model.fields)
    yield ""
    yield from _parameters(model.parameters)
    for measure in model.measures:
        yield f"`{measure.name}` — {measure.description['en']}\n"
        yield from _parameters(measure.parameters)


def _need(one: Need) -> str:
    attributes = ", ".join(
        f"`{name}`" + (f" [{one.units[name]}]" if name in one.units else "") for name in one.attributes
    )
    return f"| {one.name} | `{one.type}` | {attributes} | {_terms(one)} |"


def _terms(one: Need) -> str:
    """What else is asked of the data, in a few words."""
    said = (
        ("of another model", one.linked),
        ("with history", one.history),
        (f"cells of {one.resolution_m:g} m or less" if one.resolution_m else "", one.resolution_m),
        (f"no older than {one.max_age_days:g} days" if one.max_age_days else "", one.max_age_days),
        (f"{one.coverage:.0%} of them" if one.coverage else "", one.coverage),
        (f"at least {one.minimum}" if one.minimum > 1 else "may be missing", one.minimum != 1),
    )
    return "; ".join(words for words, holds in said if holds)


def _given(one: IndicatorSpec | FieldSpec, of: str) -> str:
    return f"| {_cell(one.title['en'])} | {of} | {_cell(one.unit)} | `{one.name}` |"


def _parameters(given: Sequence[Parameter]) -> Iterator[str]:
    if given:
        yield PARAMETERS_HEAD
        yield from (_parameter(one) for one in given)
        yield ""


def _parameter(one: Parameter) -> str:
    drawn = f"{one.plausible[0]:g} … {one.plausible[1]:g}" if one.plausible else ""
    default = "" if one.default is None else _cell(str(one.default))
    cells = (_cell(one.title["en"]), _cell(one.unit), default, _bounds(one), drawn, _cell(one.source))
    return f"| {' | '.join(cells)} |"


def _bounds(one: Parameter) -> str:
    if one.choices:
        return ", ".join(f"`{choice}`" for choice in one.choices)
    if one.low is None or one.high is None:
        return one.kind
    return f"{one.low:g} … {one.high:g}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
