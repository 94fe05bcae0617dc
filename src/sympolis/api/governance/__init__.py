"""Who may do what, over HTTP: who one is, roles, policies and stages of datasets, requests of people, the audit log."""

from sympolis.api.governance.operations import operations
from sympolis.api.governance.schemas import SCHEMAS

__all__ = ["SCHEMAS", "operations"]
