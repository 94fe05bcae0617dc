"""The store for a twin that outgrows one machine: PostgreSQL with PostGIS (decision 0006)."""

from sympolis.stores.postgres.schema import finish_upgrade
from sympolis.stores.postgres.store import PostgresStore

__all__ = ["PostgresStore", "finish_upgrade"]
