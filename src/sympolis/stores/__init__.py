"""Stores behind the port ``context.store``: ``memory``, ``embedded`` (SQLite), ``postgres`` (PostgreSQL, PostGIS)."""
