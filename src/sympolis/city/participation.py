"""Checks the participation projects of a package: services whose levers they open, languages."""

from __future__ import annotations

from collections.abc import Iterator

from sympolis.city.folder import Contents
from sympolis.decision.participation.project import ProjectPlan, complaints
from sympolis.domain.reading import Texts


def check(contents: Contents) -> None:
    """Report every mistake in the participation projects of a package."""
    wanted = contents.facts.languages if contents.facts else ()
    levers = {
        one.id: {lever.name: (lever.low, lever.high) for lever in one.levers}
        for one in contents.services.values()
    }
    for plan in contents.participation.values():
        file = f"participation/{plan.id}.toml"
        for field, message, hint in complaints(plan, levers):
            contents.report(f"{file}: {field}", message, hint)
        for where, texts in _texts(plan):
            missing = [language for language in wanted if texts and language not in texts]
            if missing:
                message = f"has no text in {', '.join(missing)}"
                contents.report(f"{file}: {where}", message, "add the translation", error=False)


def _texts(plan: ProjectPlan) -> Iterator[tuple[str, Texts]]:
    yield from (
        ("title", plan.title),
        ("question", plan.question),
        ("text", plan.text),
        ("owner", plan.owner),
    )
    for name in ("phases", "categories", "ages"):
        for one in getattr(plan, name):
            yield f"{name}.{one.id}", one.title
