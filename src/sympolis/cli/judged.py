"""How commands show whether something runs on a city's data: what is needed and found, what stands in the way."""

from __future__ import annotations

from typing import Any

from sympolis.cli.output import cell, draw, screen, text


def draw_judged(found: dict[str, Any]) -> None:
    """A verdict with the needs of each model, then what is missing or has to be adapted, with the days that takes."""
    rows = [
        [model, need["name"], need["type"], need["found"], need["minimum"], "yes" if need["met"] else "no"]
        for model, needs in found["needs"].items()
        for need in needs
    ]
    draw(["model", "need", "type", "found", "at least", "met"], rows, title=found["verdict"])
    for model, need in ((model, need) for model, needs in found["needs"].items() for need in needs):
        if not need["met"] and need.get("stand_ins"):
            taken = "; ".join(f"{', '.join(names)} for {name}" for name, names in need["stand_ins"].items())
            screen.print(f"- {model}: {need['name']} also takes stand-ins: {taken}", soft_wrap=True)
    for one in (*found["problems"], *found["adaptations"]):
        before, days = f"{one['model']}: " if one.get("model") else "", one["effort_days"]
        effort = f" ({cell(days[0])} to {cell(days[1])} days)" if days else ""
        screen.print(f"- {before}{text(one['text'])}{effort}; {text(one['consequence'])}", soft_wrap=True)
