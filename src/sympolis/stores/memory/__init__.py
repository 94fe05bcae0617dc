"""The store without files."""

from sympolis.stores.memory.store import MemoryStore

__all__ = ["MemoryStore"]
