"""Calls for proposals: their rules as data, consortia as documents, every violation found and explained."""

from sympolis.assessment.calls.consortium import Consortium
from sympolis.assessment.calls.judging import Verdict, judge
from sympolis.assessment.calls.rules import Call, calls

__all__ = ["Call", "Consortium", "Verdict", "calls", "judge"]
