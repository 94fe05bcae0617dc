"""The ecosystem map over HTTP: the picture, what people add to it, versions, comparison, initiatives."""

from sympolis.api.assessment.ecosystem.operations import operations

__all__ = ["operations"]
