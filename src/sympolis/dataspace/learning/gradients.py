"""Common weights from the gradients of several cities: conjugate gradients, for many models at once.

Each city's gradient is Xᵀ(Xw − y); their sum with the penalty is that of ridge regression on all data together, whose
weights are reached in about as many rounds as there are weights (Hestenes and Stiefel 1952).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[Any]


class Descent:
    """The search for weights of shape (models, weights). ``at`` are those to ask for next; ``take`` what came of it."""

    def __init__(self, models: int, weights: int, penalty: float) -> None:
        import numpy as np

        from sympolis.analysis.computing.rounds import penalties

        self._penalties = penalties(weights, penalty)
        self.weights: Floats = np.zeros((models, weights))
        self.rounds = 0
        self.residual = 1.0
        """How far from the end: the largest norm of what is left, as a share of that at the beginning."""
        self._at: Floats = self.weights
        self._first: Floats | None = None
        self._left: Floats = self.weights
        self._direction: Floats = self.weights

    @property
    def at(self) -> list[list[float]]:
        """Weights at which every city's gradient is wanted now."""
        found: list[list[float]] = self._at.tolist()
        return found

    def take(self, gradients: Floats) -> None:
        """One round: the sum of all cities' gradients at ``at``."""
        import numpy as np

        self.rounds += 1
        if self._first is None:
            self._first = gradients
            self._left = self._direction = -gradients
            self._start = np.maximum(np.linalg.norm(self._left, axis=1), 1e-300)
        else:
            self._step(gradients - self._first + self._penalties * self._direction)
        self.residual = float((np.linalg.norm(self._left, axis=1) / self._start).max())
        self._at = self._direction

    def _step(self, curved: Floats) -> None:
        """Along the direction, of which ``curved`` is the image under the matrix of all cities together."""
        before = (self._left**2).sum(axis=1, keepdims=True)
        length = before / _positive((self._direction * curved).sum(axis=1, keepdims=True))
        self.weights = self.weights + length * self._direction
        self._left = self._left - length * curved
        self._direction = (
            self._left + (self._left**2).sum(axis=1, keepdims=True) / _positive(before) * self._direction
        )


def _positive(values: Floats) -> Floats:
    """Never nothing to divide by: where all is found already, nothing moves."""
    import numpy as np

    found: Floats = np.maximum(values, 1e-300)
    return found
