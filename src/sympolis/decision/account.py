"""Decision files and runs told to people, in three languages: the same words as page, PDF and document."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any

from sympolis.decision.dossier import Decision, Kind, Seal
from sympolis.decision.printing.blocks import Account, Block, Heading, Items, Table, Text
from sympolis.domain.numerals import as_written
from sympolis.domain.unit_words import unit_in_words

_SPACE = "\u00a0"
"""Between thousands: it neither reads as a point or comma of another language nor breaks the line."""
_MOST_AREAS = 20
_MOST_DECIMALS = 6
_VERDICT = "verdict_"
_SPLITS = ("training", "held_out", "uncalibrated")
Json = Mapping[str, Any]
Say = Callable[..., str]


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    text = resources.files(__package__ or "").joinpath("account.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def account(decision: Decision, language: str, *, address: str = "") -> Account:
    """The file in ``it``, ``de`` or ``en``; ``address`` is where it is found."""
    say, told = _speaking(language)
    blocks: list[Block] = [
        Text(say("question", question=decision.question)),
        Text(say("made", author=decision.author or "–", at=_moment(decision.created_at)), quiet=True),
    ]
    if not decision.seals:
        blocks += [Text(say("draft")), Items(list(decision.runs)), *_notes(decision.notes, say)]
    for seal in decision.seals:
        blocks += _decided(seal, say, told) if seal.kind is Kind.DECISION else _measured(seal, say, told)
        blocks.append(Text(say("seal", digest=seal.digest, before=seal.before), quiet=True))
    foot = " · ".join(part for part in (decision.id, address, say("verify", id=decision.id)) if part)
    return Account(title=decision.title, language=language, blocks=blocks, foot=foot)


def run_account(
    run: Json, comparison: Json | None, measures: Sequence[str], language: str, *, address: str = ""
) -> Account:
    """A scenario's report: what was asked and changed, what came of it and for whom, and what that rests on."""
    say, told = _speaking(language)
    question = told((run["scenario_now"] or {}).get("question"))
    compared: list[Json] = [] if comparison is None else [comparison]
    blocks: list[Block] = [
        *([Text(say("question", question=question))] if question else []),
        *_changes(measures, say),
        Heading(say("compared" if compared else "figures")),
        *(block for one in compared for block in _comparison(one, [run], say, told)),
        *(block for one in compared for block in _equity(one["equity"], say)),
        *([] if comparison is not None else [_alone(run, say, told)]),
        Heading(say("evidence")),
        *_run(run, say, told),
    ]
    foot = " · ".join(part for part in (run["id"], address) if part)
    return Account(told(run["scenario_title"]), language, blocks, foot)


def _speaking(language: str) -> tuple[Say, Callable[[Any], str]]:
    """Our own words, and texts that came in several languages, both in one."""

    def say(key: str, **values: object) -> str:
        return _words()[key][language].format(**values)

    def told(texts: Any) -> str:
        if isinstance(texts, str):
            return texts
        return str(texts.get(language) or texts.get("en") or next(iter(texts.values()), "")) if texts else ""

    return say, told


def _changes(measures: Sequence[str], say: Say) -> list[Block]:
    return [Heading(say("measures")), Items(measures)] if measures else []


def _alone(run: Json, say: Say, told: Callable[[Any], str]) -> Table:
    """The figures of a run that nothing is compared with."""
    rows = [[told(one["title"]), _interval(one, one, say, signed=False)] for one in run["indicators"]]
    return Table([say("figure"), say("value")], rows, numbers=frozenset({1}))


def _equity(areas: Sequence[Json], say: Say) -> list[Block]:
    """For whom it changes how: areas with a clear change, the most fragile first."""
    clear = [one for one in areas if one["verdict"] != "no clear change"]
    if not clear:
        return [Heading(say("equity"), 2), Text(say("equity_none"))] if areas else []
    ranked = sorted(clear, key=lambda one: -(one["fragility"] or 0.0))[:_MOST_AREAS]
    rows = [
        [
            one["name"],
            _plain(one["population"]),
            _plain(one["fragility"]),
            say(_VERDICT + one["verdict"].replace(" ", "_")),
        ]
        for one in ranked
    ]
    titles = [say(name) for name in ("area", "population", "fragility", "verdict")]
    return [
        Heading(say("equity"), 2),
        Text(say("equity_text", clear=len(clear), all=len(areas))),
        Table(titles, rows, numbers=frozenset({1, 2})),
    ]


def _plain(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}".replace(",", _SPACE)


def _decided(seal: Seal, say: Say, told: Callable[[Any], str]) -> list[Block]:
    content = seal.content
    decision = content["decision"]
    chosen = next((run for run in content["runs"] if run["id"] == decision["run"]), None)
    return [
        Heading(say("decision")),
        Text(
            say(f"outcome_{decision['outcome']}", scenario=told(chosen["scenario_title"]) if chosen else "–")
        ),
        Text(say("by", by=seal.by or "–", at=_moment(seal.at))),
        Text(say("reasons", reasons=decision["reasons"])),
        *_notes(content["notes"], say),
        Heading(say("compared")),
        *(block for one in content["comparisons"] for block in _comparison(one, content["runs"], say, told)),
        Heading(say("evidence")),
        *(block for run in content["runs"] for block in _run(run, say, told)),
        *_contributions(content["contributions"], say),
    ]


def _notes(notes: str, say: Say) -> list[Block]:
    return [Heading(say("notes"), 2), Text(notes)] if notes else []


def _comparison(one: Json, runs: Sequence[Json], say: Say, told: Callable[[Any], str]) -> list[Block]:
    run = next(run for run in runs if run["id"] == one["with"])
    rows = [
        [
            told(figure["title"]),
            _number(figure["base"]["value"], figure, say),
            _number(figure["with"]["value"], figure, say),
            _interval(figure["change"], _visibly(figure), say, signed=True),
            say("verdict_" + figure["verdict"].replace(" ", "_")),
        ]
        for figure in one["indicators"]
    ]
    titles = [say(name) for name in ("figure", "today", "scenario", "change", "verdict")]
    title = Heading(told(run["scenario_title"]), 2)
    return [title, Text(told(one["text"])), Table(titles, rows, numbers=frozenset({1, 2, 3}))]


def _visibly(figure: Json) -> Json:
    """With as many decimals as it takes to see a change that is called clear, be the figure ever so small."""
    value, decimals = figure["change"]["value"], figure.get("decimals", 1)
    if figure["verdict"] == "no clear change" or not value:
        return figure
    while decimals < _MOST_DECIMALS and round(value, decimals) == 0:
        decimals += 1
    return {**figure, "decimals": decimals}


def _run(run: Json, say: Say, told: Callable[[Any], str]) -> list[Block]:
    facts = [
        [say("model"), f"{run['model']} {run['model_version']}"],
        [say("scenario"), f"{run['scenario']}, {say('version')} {run['scenario_version']}"],
        [say("members"), say("members_text", members=run["members"], seed=run["seed"], mode=run["mode"])],
        [say("data"), str(run["data_version"])],
        [say("assumptions"), _assumptions(run, say, told)],
        [say("calibration"), _calibration(run["calibration"], say)],
        [say("results"), run["results_sha256"]],
    ]
    if run["warnings"]:
        facts.append([say("warnings"), "; ".join(map(told, run.get("warning_texts") or run["warnings"]))])
    return [Heading(told(run["scenario_title"]), 2), Table([say("what"), run["id"]], facts)]


def _contributions(found: Sequence[Json], say: Say) -> list[Block]:
    if not found:
        return []
    rows = [[str(one.get("id", "")), str(one.get("text", ""))[:300]] for one in found]
    return [Heading(say("contributions")), Table([say("contribution"), say("text")], rows)]


def _measured(seal: Seal, say: Say, told: Callable[[Any], str]) -> list[Block]:
    content = seal.content
    rows = [
        [
            told(one["title"]),
            "–" if one["change"] is None else _interval(one["change"], one, say, signed=True),
            say("verdict_" + one["verdict"].replace(" ", "_")),
            "–" if one["computed"] is None else _interval(one["computed"], one, say, signed=True),
            say({True: "yes", False: "no", None: "unknown"}[one["as_computed"]]),
        ]
        for one in content["figures"]
    ]
    titles = [say(name) for name in ("figure", "change", "verdict", "computed", "as_computed")]
    return [
        Heading(say("measured")),
        Text(say("measured_text", since=content["since"], until=content["until"])),
        Table(titles, rows, numbers=frozenset({1, 3})),
        Text(say("by", by=seal.by or "–", at=_moment(seal.at)), quiet=True),
    ]


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")


def _number(value: float | None, figure: Json, say: Say) -> str:
    return "–" if value is None else _written(value, figure, say) + _unit(figure, say)


def _written(value: float, figure: Json, say: Say, sign: str = "") -> str:
    """With the figure's decimals and the signs of the language."""
    decimals = figure.get("decimals", 1)
    shown = sign if round(value, decimals) else ""
    return as_written(f"{value:{shown}z,.{decimals}f}", say("language"), groups=_SPACE)


def _unit(figure: Json, say: Say) -> str:
    """UCUM writes 1 for what has no unit, such as a number of children; people write nothing."""
    unit = unit_in_words(str(figure["unit"]), say("language"))
    return f" {unit}" if unit else ""


def _changing(figure: Json, say: Say) -> str:
    """A share changes by points: of what a percentage would be, nobody could tell."""
    return f" {unit_in_words('pp', say('language'))}" if figure["unit"] == "%" else _unit(figure, say)


def _interval(change: Json, figure: Json, say: Say, *, signed: bool) -> str:
    value, interval = change["value"], change.get("interval")
    sign, unit = ("+", _changing(figure, say)) if signed else ("", _unit(figure, say))
    text = "–" if value is None else _written(value, figure, say, sign)
    if interval is None:
        return text + unit
    low, high = (_written(interval[end], figure, say, sign) for end in ("low", "high"))
    return f"{text} ({low} … {high})" + unit


def _assumptions(run: Json, say: Say, told: Callable[[Any], str]) -> str:
    """Every parameter by its title; files sealed before titles were kept have only names."""
    titles, parameters = run.get("parameter_titles") or {}, run["parameters"]

    def named(name: str) -> str:
        return told(titles[name]["title"]) if name in titles else name

    def valued(name: str, *values: Any) -> str:
        said = [_plainly(one, say) for one in values]
        unit = unit_in_words(titles.get(name, {}).get("unit", ""), say("language"))
        return " … ".join(said) + (f" {unit}" if unit else "")

    fixed = [f"{named(name)} = {valued(name, value)}" for name, value in parameters["fixed"].items()]
    sampled = [f"{named(name)}: {valued(name, *values)}" for name, values in parameters["sampled"].items()]
    return "; ".join((*fixed, *sampled)) or "–"


def _plainly(value: Any, say: Say) -> str:
    """A parameter's value as it was given."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return as_written(f"{value:g}", say("language"))


def _calibration(figures: Json | None, say: Say) -> str:
    if not figures:
        return "–"
    return "; ".join(
        f"{say('split_' + split) if split in _SPLITS else split}: "
        + ", ".join(f"{name} {_plainly(value, say)}" for name, value in found.items())
        for split, found in figures.items()
    )
