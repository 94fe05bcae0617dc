"""Stores behind the port ``context.store``: ``memory`` and ``embedded`` (SQLite)."""
