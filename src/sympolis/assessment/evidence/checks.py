"""All checks: whoever needs them takes them from here, so that none of their modules is forgotten."""

from sympolis.assessment.evidence import (
    about_configuration,
    about_data,
    about_interfaces,
    about_models,
    about_people,
    about_protection,
)
from sympolis.assessment.evidence.about_data import is_open
from sympolis.assessment.evidence.checking import CHECKS, Seen, product

MODULES = (
    about_data,
    about_interfaces,
    about_protection,
    about_configuration,
    about_models,
    about_people,
)
"""Where the checks are, in the order in which they are told."""

__all__ = ["CHECKS", "MODULES", "Seen", "is_open", "product"]
