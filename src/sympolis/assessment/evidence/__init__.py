"""Evidence: the facts of a running twin, the checks over them, and what the checks found in words."""

from sympolis.assessment.evidence.facts import Facts
from sympolis.assessment.evidence.findings import Finding, examine

__all__ = ["Facts", "Finding", "examine"]
