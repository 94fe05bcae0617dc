"""Who may do what, over HTTP: who one is, the table of roles, policies of datasets, the audit log."""

from sympolis.api.governance.operations import SCHEMAS, operations

__all__ = ["SCHEMAS", "operations"]
