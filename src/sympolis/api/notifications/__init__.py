"""Notices over HTTP: what stands, who sees to it, the rules, and what could not be delivered."""

from sympolis.api.notifications.operations import SCHEMAS, operations

__all__ = ["SCHEMAS", "operations"]
