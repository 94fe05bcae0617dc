"""The change log as Linked Data Event Streams (LDES, TREE): a stream per entity type that others can replicate."""

from sympolis.api.ldes.operations import operations

__all__ = ["operations"]
