"""Deliverables and diagrams drafted from evidence: what is not there is said to be missing, and who completes it."""

from sympolis.assessment.documents.diagrams import Kind, View, diagram
from sympolis.assessment.documents.drafting import DELIVERABLES, Material, draft

__all__ = ["DELIVERABLES", "Kind", "Material", "View", "diagram", "draft"]
