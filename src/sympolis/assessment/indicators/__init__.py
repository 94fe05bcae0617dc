"""Indicators that programmes report: counted by the twin where it can, entered by people where it cannot."""

from sympolis.assessment.indicators.catalogues import Catalogue, Indicator, catalogues, find
from sympolis.assessment.indicators.figures import Reported, measured
from sympolis.assessment.indicators.measures import Measured, Rows, averaged, measure, wanted

__all__ = [
    "Catalogue",
    "Indicator",
    "Measured",
    "Reported",
    "Rows",
    "averaged",
    "catalogues",
    "find",
    "measure",
    "measured",
    "wanted",
]
