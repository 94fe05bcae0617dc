"""A plan as a report: steps with figures, targets, zones, measures, what is watched, what is missing, assumptions."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sympolis.decision.printing import Account, Heading, Items, Table, Text
from sympolis.decision.printing.blocks import Block
from sympolis.domain.numerals import as_written
from sympolis.domain.unit_words import unit_in_words
from sympolis.orchestration.planning.tables import text

Json = dict[str, Any]
Words = Mapping[str, str]
DASH = "–"


@functools.cache
def _words() -> dict[str, Words]:
    with (Path(__file__).parent / "report.toml").open("rb") as stream:
        return tomllib.load(stream)


def languages() -> tuple[str, ...]:
    """Those that reports are written in."""
    return tuple(_words())


def account(plan: Json, language: str) -> Account:
    """The plan (``PlanDesk.get``) as an account in a language."""
    words = _words().get(language) or _words()["en"]
    blocks: list[Block] = [
        Text(text(plan["question"], language)),
        Text(f"{plan['law']} · {plan['responsible']}", quiet=True),
        Text(_state(plan, words)),
        *_steps(plan, language, words),
        *_targets(plan, language, words),
        *_explanations(plan, language, words),
        *_milestones(plan, language, words),
        *_zones(plan, language, words),
        *_measures(plan, language, words),
        *_monitoring(plan, language, words),
        *_gaps(plan, language, words),
        *_assumptions(plan, language, words),
    ]
    return Account(
        text(plan["title"], language), language, blocks, foot=words["foot"].format(law=plan["law"])
    )


def _state(plan: Json, words: Words) -> str:
    adopted = words["adopted"].format(**plan) if plan["adopted"] else words["draft"]
    cycle = words["cycle"].format(years=plan["cycle_years"], target_year=plan["target_year"])
    return f"{adopted} {cycle}"


def _number(value: float | None, language: str) -> str:
    """Three significant digits or whole numbers, in the language's signs."""
    if value is None:
        return DASH
    found = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return as_written(found, language)


def _interval(low: float | None, high: float | None, language: str) -> str:
    return DASH if low is None else f"{_number(low, language)} … {_number(high, language)}"


def _with_unit(one: Json, language: str) -> str:
    unit = unit_in_words(one["unit"], language)
    return text(one["title"], language) + (f" ({unit})" if unit else "")


def _steps(plan: Json, language: str, words: Words) -> Iterator[Block]:
    yield Heading(words["steps"])
    for step in plan["steps"]:
        yield Heading(text(step["title"], language), 2)
        yield Text(step["clause"], quiet=True)
        if step["text"]:
            yield Text(text(step["text"], language))
        if step["service"] and not step["indicators"]:
            yield Text(words["open"])
        if step["indicators"]:
            yield _figures(step, language, words)
            yield Text(words["run"].format(cost=step["cost_cpu_s"], finished=step["finished_at"], **{
                name: step[name] for name in ("run", "members", "seed")
            }), quiet=True)  # fmt: skip
        if step["warnings"]:
            yield Heading(words["warnings"], 3)
            yield Items(tuple(dict.fromkeys(text(one, language) for one in step["warnings"])))


def _figures(step: Json, language: str, words: Words) -> Table:
    rows = [
        (text(one["title"], language), _number(one["value"], language),
         _interval(one["interval"]["low"], one["interval"]["high"], language),
         unit_in_words(one["unit"], language))
        for one in step["indicators"]
    ]  # fmt: skip
    titles = (words["figure"], words["value"], words["interval"], words["unit"])
    return Table(titles, rows, caption=text(step["title"], language), numbers=frozenset({1, 2}))


def _targets(plan: Json, language: str, words: Words) -> Iterator[Block]:
    if not plan["targets"]:
        return
    yield Heading(words["targets"])
    rows = [_target(one, language, words) for one in plan["targets"]]
    titles = (words["target"], words["official"], words["ours"], words["interval"], words["residual"],
              words["inside"])  # fmt: skip
    yield Table(titles, rows, caption=words["targets"], numbers=frozenset({1, 2, 3, 4}))
    notes = [f"{text(one['title'], language)}: {text(one['note'], language)}" for one in plan["targets"]
             if one["note"]]  # fmt: skip
    if notes:
        yield Items(notes)


def _explanations(plan: Json, language: str, words: Words) -> Iterator[Block]:
    for one in plan["targets"]:
        if one["explained_by"]:
            caption = f"{words['explained']}: {text(one['title'], language)}"
            rows = [
                (text(part["title"], language), _number(part["value"], language),
                 _interval(part["interval"]["low"], part["interval"]["high"], language),
                 unit_in_words(part["unit"], language))
                for part in one["explained_by"]
            ]  # fmt: skip
            titles = (words["figure"], words["value"], words["interval"], words["unit"])
            yield Heading(caption, 2)
            yield Table(titles, rows, caption=caption, numbers=frozenset({1, 2}))


def _milestones(plan: Json, language: str, words: Words) -> Iterator[Block]:
    if not plan["milestones"]:
        return
    yield Heading(words["milestones"])
    rows = [
        (
            _with_unit(one, language),
            *_by_year(one, plan["years"], language),
            one["clause"] or DASH,
        )
        for one in plan["milestones"]
    ]
    titles = (words["figure"], *map(str, plan["years"]), words["clause"])
    yield Table(
        titles, rows, caption=words["milestones"], numbers=frozenset(range(1, len(plan["years"]) + 1))
    )
    yield Text(words["milestones_text"], quiet=True)
    missing = [f"{text(one['title'], language)}: {text(one['missing'], language)}" for one in plan["milestones"]
               if one["missing"]]  # fmt: skip
    if missing:
        yield Items(missing)


def _by_year(one: Json, years: Sequence[int], language: str) -> Iterator[str]:
    values = {value["year"]: value for value in one["values"]}
    for year in years:
        found = values.get(year)
        if found is None or found["value"] is None:
            yield DASH
        else:
            spread = _interval(found["low"], found["high"], language)
            yield f"{_number(found['value'], language)} ({spread})"


def _target(one: Json, language: str, words: Words) -> Sequence[str]:
    title = _with_unit(one, language)
    if one["ours"] is None:
        return (title, _number(one["value"], language), DASH, DASH, DASH, DASH)
    interval = one["ours"]["interval"]
    return (
        title,
        _number(one["value"], language),
        _number(one["ours"]["value"], language),
        _interval(interval["low"], interval["high"], language),
        _number(one["residual"], language),
        words["yes"] if one["inside"] else words["no"],
    )


def _zones(plan: Json, language: str, words: Words) -> Iterator[Block]:
    if not plan["zones"] or plan["zones"]["run"] is None:
        return
    yield Heading(words["zones"])
    unit = unit_in_words(plan["zones"]["unit"] or "", language)
    rows = [
        (text(one["title"], language), str(one["places"]), _number(one["sum"], language))
        for one in plan["zones"]["levels"]
    ]
    titles = (words["level"], words["places"], f"{words['sum']} ({unit})")
    yield Table(titles, rows, caption=words["zones"], numbers=frozenset({1, 2}))
    if plan["zones"]["note"]:
        yield Text(text(plan["zones"]["note"], language), quiet=True)


def _measures(plan: Json, language: str, words: Words) -> Iterator[Block]:
    if not plan["measures"]:
        return
    yield Heading(words["measures"])
    rows = [
        (text(one["title"], language), one["responsible"],
         words["unknown"] if one["cost_meur"] is None else _number(one["cost_meur"], language),
         f"{one['start']}–{one['end']}", words[one["status"].replace(" ", "_")], f"{one['progress']:.0f} %")
        for one in plan["measures"]
    ]  # fmt: skip
    titles = [words[name] for name in ("measure", "responsible", "cost", "years", "status", "progress")]
    yield Table(titles, rows, caption=words["measures"], numbers=frozenset({2, 5}))


def _monitoring(plan: Json, language: str, words: Words) -> Iterator[Block]:
    if not plan["monitoring"]:
        return
    yield Heading(words["monitoring"])
    rows = [(text(one["title"], language), _measured(one, language, words), unit_in_words(one["unit"], language))
            for one in plan["monitoring"]]  # fmt: skip
    yield Table((words["figure"], words["measured"], words["unit"]), rows, caption=words["monitoring"])


def _measured(one: Json, language: str, words: Words) -> str:
    if not one["measured"]:
        return words["not_measured"].format(missing=text(one["missing"], language))
    return "; ".join(f"{value['year']}: {_number(value['value'], language)}" for value in one["values"])


def _gaps(plan: Json, language: str, words: Words) -> Iterator[Block]:
    if not plan["gaps"]:
        return
    yield Heading(words["gaps"])
    rows = [
        (text(one["title"], language), text(one["stand_in"], language), one["holder"], one["clause"])
        for one in plan["gaps"]
    ]
    titles = [words[name] for name in ("gap", "stand_in", "holder", "clause")]
    yield Table(titles, rows, caption=words["gaps"])


def _assumptions(plan: Json, language: str, words: Words) -> Iterator[Block]:
    found = {(one["model"], one["name"]): one for step in plan["steps"] for one in step["assumptions"]}
    if not found:
        return
    yield Heading(words["assumptions"])
    rows = [
        (
            text(one["title"], language),
            _assumed(one, language, words),
            unit_in_words(one["unit"], language),
            text(one["source_texts"], language),
        )
        for one in found.values()
    ]
    titles = [words[name] for name in ("assumption", "value", "unit", "source")]
    yield Table(titles, rows, caption=words["assumptions"], numbers=frozenset({1}))


def _assumed(one: Json, language: str, words: Words) -> str:
    if one["range"]:
        low, high = (_number(end, language) for end in one["range"])
        return words["range"].format(low=low, high=high)
    value = one["value"]
    return _number(value, language) if isinstance(value, int | float) else str(value)
