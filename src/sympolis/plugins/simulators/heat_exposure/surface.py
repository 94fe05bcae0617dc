"""Why it is hotter here than there: an additive model of summer surface temperature that a planner can read.

Each predictor has a curve of straight pieces between quantiles; where physics leaves no doubt about the direction
(trees and green do not heat, industry and streets do not cool) the curve may only go that way. Coefficients come from
bounded least squares with a small ridge.

It is judged on blocks of the city that were left out (spatial cross-validation: Roberts et al. 2017, DOI
10.1111/ecog.02881); a 90 % interval is the 90 % quantile of the other folds' absolute errors (split conformal: Lei et
al. 2018, DOI 10.1080/01621459.2017.1307116). How sure an effect is follows from refits on blocks drawn with
replacement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Cells = NDArray[np.intp]

PIECES = 4
RIDGE = 1.0
FOLDS = 8
REFITS = 40
BLOCK_M = 2000.0
"""Side of a block [m]: beyond the surroundings that a predictor averages (810 m)."""
LEVEL = 0.9


@dataclass(frozen=True, slots=True)
class Term:
    """One predictor: its name, the direction its curve may take (−1, 0 either, +1), the curve's knots."""

    name: str
    sign: int
    knots: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """Coefficients [K] of every piece, the intercept first; row 0 the fit, the others the refits on drawn blocks."""

    terms: tuple[Term, ...]
    coefficients: Values

    def predict(self, predictors: Mapping[str, Values], draw: int = 0) -> Values:
        """Surface temperature [°C] for arrays of the predictors."""
        vector = self.coefficients[draw % len(self.coefficients)]
        total = np.full(np.shape(predictors[self.terms[0].name]), vector[0])
        for term in self.terms:
            total = total + self.part(term.name, predictors[term.name], draw)
        return total

    def part(self, name: str, values: Values, draw: int = 0) -> Values:
        """What one predictor contributes [K] at these values."""
        start = 1
        for term in self.terms:
            pieces = len(term.knots) - 1
            if term.name == name:
                vector = self.coefficients[draw % len(self.coefficients)][start : start + pieces]
                contribution: Values = _pieces(values, term.knots) @ vector
                return contribution
            start += pieces
        raise KeyError(name)

    def curves(self) -> dict[str, list[tuple[float, float]]]:
        """By predictor: (value, contribution [K] against its lowest value) at each knot: what the model learned."""
        found, start = {}, 1
        for term in self.terms:
            rise = np.concatenate(
                [[0.0], np.cumsum(self.coefficients[0][start : start + len(term.knots) - 1])]
            )
            found[term.name] = [(k, round(float(c), 3)) for k, c in zip(term.knots, rise, strict=True)]
            start += len(term.knots) - 1
        return found


@dataclass(frozen=True, slots=True)
class Judgement:
    """How well it does on blocks it did not see: figures over all, by block, and the held-out predictions."""

    figures: Mapping[str, float]
    blocks: Mapping[int, Mapping[str, float]]
    predicted: Values
    fold: Cells


def fit(
    predictors: Mapping[str, Values], signs: Mapping[str, int], target: Values, block: Cells, seed: int
) -> Model:
    """Fit to the cells given (one entry a cell in every array); ``block`` numbers the block of each."""
    terms = tuple(_term(name, signs.get(name, 0), values) for name, values in predictors.items())
    sums = _Sums(terms, predictors, target, block)
    random = np.random.default_rng(seed)
    draws = [np.ones(sums.count)]
    for _ in range(REFITS):
        drawn = random.integers(0, sums.count, sums.count)
        draws.append(np.bincount(drawn, minlength=sums.count).astype(float))
    return Model(terms, np.array([sums.solve(weights) for weights in draws]))


def cross_validate(
    predictors: Mapping[str, Values], signs: Mapping[str, int], target: Values, block: Cells, seed: int
) -> Judgement:
    """Predict every block from a fit to the others, ``FOLDS`` groups of blocks in turn."""
    terms = tuple(_term(name, signs.get(name, 0), values) for name, values in predictors.items())
    sums = _Sums(terms, predictors, target, block)
    groups = np.random.default_rng(seed).permutation(sums.count) % FOLDS
    fold = groups[sums.position]
    predicted = np.empty_like(target)
    for number in range(FOLDS):
        vector = sums.solve((groups != number).astype(float))
        predicted[fold == number] = sums.design[fold == number] @ vector
    overall = {**figures(target, predicted), **_intervals(target, predicted, fold)}
    blocks = {
        int(name): figures(target[block == name], predicted[block == name]) for name in np.unique(block)
    }
    return Judgement(overall, blocks, predicted, fold)


class _Sums:
    """Normal equations by block, so that leaving blocks out or drawing them twice costs no second pass."""

    def __init__(
        self, terms: Sequence[Term], predictors: Mapping[str, Values], target: Values, block: Cells
    ) -> None:
        columns = [np.ones((len(target), 1)), *(_pieces(predictors[term.name], term.knots) for term in terms)]
        self.design = np.concatenate(columns, axis=1)
        names, self.position = np.unique(block, return_inverse=True)
        self.count = len(names)
        width = self.design.shape[1]
        self.squares = np.zeros((self.count, width, width))
        self.products = np.zeros((self.count, width))
        for number in range(self.count):
            rows = self.design[self.position == number]
            self.squares[number] = rows.T @ rows
            self.products[number] = rows.T @ target[self.position == number]
        signs = [0, *(term.sign for term in terms for _ in term.knots[1:])]
        self.low = np.array([0.0 if sign > 0 else -np.inf for sign in signs])
        self.high = np.array([0.0 if sign < 0 else np.inf for sign in signs])

    def solve(self, weights: Values) -> Values:
        """Bounded ridge regression on the blocks with these weights."""
        from scipy.optimize import lsq_linear  # heavy: only where something is fitted

        squares = np.einsum("b,bij->ij", weights, self.squares)
        ridge = np.full(len(squares), RIDGE)
        ridge[0] = 1e-9
        root = np.linalg.cholesky(squares + np.diag(ridge)).T
        right = np.linalg.solve(root.T, weights @ self.products)
        solved: Values = lsq_linear(root, right, (self.low, self.high), method="bvls").x
        return solved


def _term(name: str, sign: int, values: Values) -> Term:
    knots = np.unique(np.quantile(values, np.linspace(0, 1, PIECES + 1)))
    if len(knots) < 2:
        knots = np.array([knots[0], knots[0] + 1.0])
    return Term(name, sign, tuple(float(knot) for knot in knots))


def _pieces(values: Values, knots: Sequence[float]) -> Values:
    """One column a piece: how much of it lies below the value (0..1). Beyond the last knot the curve is flat."""
    found = [np.clip((values - low) / (high - low), 0.0, 1.0) for low, high in pairwise(knots)]
    return np.stack(found, axis=-1)


def figures(target: Values, predicted: Values) -> dict[str, float]:
    """R², errors [K] and the ratio of sums of predictions against observations."""
    residual = target - predicted
    spread = float(((target - target.mean()) ** 2).sum())
    return {
        "r2": 1 - float((residual**2).sum()) / spread if spread else 0.0,
        "rmse": float(np.sqrt((residual**2).mean())),
        "mae": float(np.abs(residual).mean()),
        "bias": float(-residual.mean()),
        "ratio": float(predicted.sum() / target.sum()) if target.sum() else 1.0,
        "n": float(len(target)),
    }


def _intervals(target: Values, predicted: Values, fold: Cells) -> dict[str, float]:
    """Half width of the 90 % interval and the share of held-out cells inside it, each fold judged by the others."""
    error = np.abs(target - predicted)
    covered, widths = np.zeros(len(target), dtype=bool), []
    for number in np.unique(fold):
        width = float(np.quantile(error[fold != number], LEVEL))
        covered[fold == number] = error[fold == number] <= width
        widths.append(width)
    return {"coverage_90": float(covered.mean()), "half_width_90": float(np.mean(widths))}


def document(model: Model) -> dict[str, Any]:
    """As JSON."""
    terms = [{"name": t.name, "sign": t.sign, "knots": list(t.knots)} for t in model.terms]
    return {"terms": terms, "coefficients": [[round(float(c), 6) for c in row] for row in model.coefficients]}


def from_document(value: Mapping[str, Any]) -> Model:
    """Read what ``document`` wrote."""
    terms = tuple(Term(t["name"], int(t["sign"]), tuple(t["knots"])) for t in value["terms"])
    return Model(terms, np.array(value["coefficients"]))
