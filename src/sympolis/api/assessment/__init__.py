"""The programme desk over HTTP: assessment from evidence, the call, consortia, documents."""

from sympolis.api.assessment.operations import SCHEMAS, operations

__all__ = ["SCHEMAS", "operations"]
