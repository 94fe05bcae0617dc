"""One door to the NGSI-LD representations: parse what came, render what was asked for.

The work is in ``parsing``, ``rendering`` and ``temporal_rendering``.
"""

from sympolis.context.parsing import check_entity_id, parse_attribute, parse_attributes, parse_entity
from sympolis.context.rendering import (
    LOCATION,
    Form,
    compact_types,
    render_attribute,
    render_entity,
    render_feature,
    render_features,
)
from sympolis.context.temporal_rendering import Style, TemporalForm, render_history

__all__ = [
    "LOCATION",
    "Form",
    "Style",
    "TemporalForm",
    "check_entity_id",
    "compact_types",
    "parse_attribute",
    "parse_attributes",
    "parse_entity",
    "render_attribute",
    "render_entity",
    "render_feature",
    "render_features",
    "render_history",
]
