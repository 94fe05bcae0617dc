"""The store that needs no server: SQLite, one file per tenant."""

from sympolis.stores.embedded.store import EmbeddedStore

__all__ = ["EmbeddedStore"]
