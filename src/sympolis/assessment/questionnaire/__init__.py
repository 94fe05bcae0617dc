"""The interoperability self-assessment: questions as data, scores proposed by evidence, answers by people."""

from sympolis.assessment.questionnaire.model import Question, Questionnaire, default_questionnaire
from sympolis.assessment.questionnaire.scoring import Answer, Assessed, Basis, assess

__all__ = [
    "Answer",
    "Assessed",
    "Basis",
    "Question",
    "Questionnaire",
    "assess",
    "default_questionnaire",
]
