"""Who makes this twin live: actors, roles, data flows, value exchanges, rules and risks, drawn from what runs.

The method is the Open Data Institute's data ecosystem mapping (https://theodi.org/insights/tools/data-ecosystem-mapping-tool/).
What the twin knows is drawn anew at every question; what people add is kept and stays marked as theirs.
"""

from sympolis.assessment.ecosystem.desk import EcosystemDesk
from sympolis.assessment.ecosystem.model import Actor, Flow, Map
from sympolis.assessment.ecosystem.seen import Seen

__all__ = ["Actor", "EcosystemDesk", "Flow", "Map", "Seen"]
