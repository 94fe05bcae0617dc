"""What people print, sign and file away: an account of headings, texts, tables and lists as page, PDF or document."""

from sympolis.decision.printing.blocks import Account, Heading, Items, Table, Text

__all__ = ["Account", "Heading", "Items", "Table", "Text"]
