"""An account as a page: plain HTML that needs no script, reads well aloud and prints."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from sympolis.decision.printing.blocks import Account, Block, Heading, Items, Table, Text

STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 1.5rem; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
caption { text-align: left; font-weight: 600; padding-bottom: .25rem; }
th, td { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid #8886; vertical-align: top; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
.quiet, footer { font-size: .85rem; opacity: .8; overflow-wrap: anywhere; }
@media print { body { max-width: none; padding: 0; } h2, caption { break-after: avoid; } tr { break-inside: avoid; } }
"""
"""Served beside the page: a content security policy that allows styles in pages would allow anybody's."""


def page(account: Account, *, style: str) -> str:
    """The whole page; ``style`` is the address of ``STYLE``."""
    body = "\n".join(_block(one) for one in account.blocks)
    return (
        f'<!doctype html>\n<html lang="{escape(account.language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(account.title)}</title><link rel="icon" href="/icon.svg">'
        f'<link rel="stylesheet" href="{escape(style)}"></head>\n'
        f"<body><main><h1>{escape(account.title)}</h1>\n{body}\n</main>"
        f"<footer>{escape(account.foot)}</footer></body></html>\n"
    )


def _block(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"<h{level + 1}>{escape(text)}</h{level + 1}>"
        case Text(text, quiet):
            return f'<p class="quiet">{escape(text)}</p>' if quiet else f"<p>{escape(text)}</p>"
        case Items(items):
            return "<ul>" + "".join(f"<li>{escape(one)}</li>" for one in items) + "</ul>"
        case Table():
            return _table(block)


def _table(table: Table) -> str:
    head = _row(table.titles, table.numbers, "th", ' scope="col"')
    rows = "".join(_row(row, table.numbers, "td") for row in table.rows)
    caption = f"<caption>{escape(table.caption)}</caption>" if table.caption else ""
    name = escape(table.caption or table.titles[0])
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{name}"><table>{caption}'
        f"<thead>{head}</thead><tbody>{rows}</tbody></table></div>"
    )


def _row(cells: Sequence[str], numbers: frozenset[int], tag: str, more: str = "") -> str:
    def styled(at: int) -> str:
        return ' class="number"' if at in numbers else ""

    found = (f"<{tag}{more}{styled(at)}>{escape(cell)}</{tag}>" for at, cell in enumerate(cells))
    return f"<tr>{''.join(found)}</tr>"
