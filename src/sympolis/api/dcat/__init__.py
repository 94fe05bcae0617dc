"""The catalogue as DCAT-AP 3.0.1 by content negotiation: Turtle, JSON-LD, RDF/XML, and a page for people."""

from sympolis.api.dcat.operations import operations

__all__ = ["operations"]
