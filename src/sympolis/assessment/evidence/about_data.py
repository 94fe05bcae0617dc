"""Checks of the data: what is catalogued, licensed, described, modelled and kept for how long."""

from __future__ import annotations

from typing import Final

from sympolis.assessment.evidence.checking import Seen, all_of, at_least, at_work, check
from sympolis.assessment.evidence.facts import Facts

OPEN_LICENCES: Final = ("CC0", "CC-BY", "ODbL", "PDDL", "ODC-BY", "DL-DE", "IODL", "EUPL")
"""Beginnings of licences under which data may be used for any purpose (CC-BY-NC and -ND are not among them)."""


@check("datasets-catalogued")
def _datasets_catalogued(facts: Facts) -> Seen:
    return at_least(len(facts.datasets))


@check("datasets-licensed")
def _datasets_licensed(facts: Facts) -> Seen:
    return all_of(bool(one.licence and one.owner) for one in facts.datasets)


@check("datasets-open")
def _datasets_open(facts: Facts) -> Seen:
    return at_least(sum(is_open(one.licence) for one in facts.datasets))


@check("datasets-described")
def _datasets_described(facts: Facts) -> Seen:
    return all_of(one.described for one in facts.datasets)


@check("datasets-themed")
def _datasets_themed(facts: Facts) -> Seen:
    return at_least(len({theme for one in facts.datasets for theme in one.themes}), 2)


@check("datasets-in-languages")
def _datasets_in_languages(facts: Facts) -> Seen:
    return all_of(all(one.title.get(language) for language in facts.languages) for one in facts.datasets)


@check("datasets-modelled-mostly")
def _datasets_modelled_mostly(facts: Facts) -> Seen:
    count, of = sum(bool(one.data_model) for one in facts.datasets), len(facts.datasets)
    return Seen(bool(of) and 2 * count > of, {"count": count, "of": of})


@check("datasets-modelled")
def _datasets_modelled(facts: Facts) -> Seen:
    return all_of(bool(one.data_model) for one in facts.datasets)


@check("datasets-dynamic")
def _datasets_dynamic(facts: Facts) -> Seen:
    return at_least(sum(one.reads_anew for one in facts.datasets), 2)


@check("datasets-once")
def _datasets_once(facts: Facts) -> Seen:
    return Seen(
        "masterdata" in facts.parts and facts.entities > 0, {"count": facts.entities, "of": facts.entities}
    )


@check("datasets-expire")
def _datasets_expire(facts: Facts) -> Seen:
    return all_of(one.expires for one in facts.datasets)


@check("data-models-published")
def _data_models_published(facts: Facts) -> Seen:
    return at_least(facts.data_models)


@check("history-kept")
def _history_kept(facts: Facts) -> Seen:
    return at_least(facts.observations)


@check("quality-gate")
def _quality_gate(facts: Facts) -> Seen:
    return at_work(facts, "quality")


def is_open(licence: str) -> bool:
    """Whether this licence lets anybody use the data for any purpose."""
    return licence.upper().startswith(tuple(one.upper() for one in OPEN_LICENCES)) and not any(
        bound in licence.upper() for bound in ("-NC", "-ND")
    )
