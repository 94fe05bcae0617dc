"""Sympolis: an open-source Local Digital Twin platform for cities."""

__version__ = "0.1.0"
