"""`sympolis federation`: other twins, what they offer and need, and what is agreed with them."""

from __future__ import annotations

import typer

from sympolis.cli import partner

app = typer.Typer(help="Federation: partners, trust, catalogues and contracts.", no_args_is_help=True)
app.add_typer(partner.app, name="partner")
app.add_typer(partner.trust, name="trust")
app.command("rotate-keys")(partner.rotate)
