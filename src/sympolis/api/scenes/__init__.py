"""Shared scenes over HTTP and WebSocket: opened by whoever may, joined with a code, gone when they end."""

from sympolis.api.scenes.operations import SCHEMAS, operations

__all__ = ["SCHEMAS", "operations"]
