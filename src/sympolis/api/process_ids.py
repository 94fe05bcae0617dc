"""What processes and their jobs are called: for the standard's own routes, and for calls under contract."""

from __future__ import annotations

from typing import Final

MODEL: Final = "model-"
SERVICE: Final = "service-"
"""What a process's id begins with."""
DOCUMENT: Final = ".document"
"""What a job's id ends with where its results were asked for as a document."""


def run_of(job_id: str) -> str:
    """The run behind a job."""
    return job_id.removesuffix(DOCUMENT)
