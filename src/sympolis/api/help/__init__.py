"""Help over HTTP: questions and answers, search of the documentation, tutorials on the twin itself."""

from sympolis.api.help.operations import SCHEMAS, operations, watched

__all__ = ["SCHEMAS", "operations", "watched"]
