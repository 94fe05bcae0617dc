"""Checklists that programmes ask for: digital maturity, eco-design, security; answered by evidence where it can."""

from sympolis.assessment.checklists.marking import Answered, Mark, Marked, Said, answered
from sympolis.assessment.checklists.model import Checklist, Item, checklists, find

__all__ = ["Answered", "Checklist", "Item", "Mark", "Marked", "Said", "answered", "checklists", "find"]
