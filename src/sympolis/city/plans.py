"""Checks the plans of a package: services that their steps name, steps that targets name, languages."""

from __future__ import annotations

from collections.abc import Iterator

from sympolis.city.folder import Contents
from sympolis.domain.reading import Texts
from sympolis.orchestration.planning.plan import Plan, complaints


def check(contents: Contents) -> None:
    """Report every mistake in the plans of a package."""
    wanted = contents.facts.languages if contents.facts else ()
    for plan in contents.plans.values():
        file = f"plans/{plan.id}.toml"
        for field, message, hint in complaints(plan, contents.services):
            contents.report(f"{file}: {field}", message, hint)
        for where, texts in _texts(plan):
            missing = [language for language in wanted if texts and language not in texts]
            if missing:
                message = f"has no text in {', '.join(missing)}"
                contents.report(f"{file}: {where}", message, "add the translation", error=False)


def _texts(plan: Plan) -> Iterator[tuple[str, Texts]]:
    yield from (("title", plan.title), ("question", plan.question))
    for part in (plan.steps, plan.targets, plan.measures, plan.monitoring, plan.gaps):
        for one in part:
            yield one.id, one.title
    for step in plan.steps:
        yield f"steps.{step.id}.text", step.text
        yield f"steps.{step.id}.details", step.details
    for target in plan.targets:
        yield f"targets.{target.id}.note", target.note
    for level in plan.zones.levels if plan.zones else ():
        yield f"zones.levels.{level.id}", level.title
