"""From fifty measured twins to a thousand and a hundred thousand: a small simulation fed with the measured costs.

Every twin does the same: it reads its partners' catalogues every ten minutes, puts queries to all of them, and answers
theirs. What a query waits for is drawn at random: the way there and back, the partner's queue (as long as its load
makes it), and partners that are silent until the breaker has noticed. What is assumed and not measured stands in
``Setting``; the projection is as good as that.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from benchmarks import tables

CRAWLS_PER_HOUR: Final = 6.0
_MS_PER_HOUR: Final = 3_600_000.0


@dataclass(frozen=True, slots=True)
class Costs:
    """CPU-ms as measured: one partner's catalogue read (both sides), one partner asked in a query (the asking side),
    the query itself, and one answer (the asked side)."""

    crawl_ms: float
    query_ms: float
    query_own_ms: float
    answer_ms: float


@dataclass(frozen=True, slots=True)
class Setting:
    """A federation that nobody has measured. Queries per twin and hour; the way there and back (log-normal: median,
    sigma); the share of partners that are silent, and after how many failures the breaker asks them no more for how
    long."""

    twins: int
    partners: int
    in_query: int = 0
    """How many partners a query goes to; 0: to all."""
    queries_per_hour: float = 360.0
    way_ms: float = 30.0
    way_sigma: float = 0.5
    silent: float = 0.01
    patience_ms: float = 3000.0
    failures: int = 3
    pause_s: float = 60.0
    cores: int = 2


@dataclass(frozen=True, slots=True)
class Projected:
    """``crawl`` and ``query`` are shares of one core that a twin is busy; ``p50`` and ``p99`` [ms] of a query; the
    share of answers that lack somebody; messages a second in the whole federation. Beyond its cores a twin cannot keep
    up: then the times are infinite."""

    crawl: float
    query: float
    p50: float
    p99: float
    partial: float
    messages_per_s: float


def project(costs: Costs, setting: Setting, *, draws: int = 2000, seed: int = 1) -> Projected:
    """What a twin of such a federation would see."""
    asked = setting.queries_per_hour
    crawl = CRAWLS_PER_HOUR * setting.partners * costs.crawl_ms / _MS_PER_HOUR
    partners = setting.in_query or setting.partners
    own = costs.query_own_ms + partners * costs.query_ms
    query = asked * (own + partners * costs.answer_ms) / _MS_PER_HOUR
    load = (crawl + query) / setting.cores
    messages = 2 * setting.twins * (CRAWLS_PER_HOUR * setting.partners + asked * partners) / 3600
    if load >= 1:
        return Projected(crawl, query, math.inf, math.inf, 1.0, messages)
    chance = random.Random(seed)
    noticed = _timeouts(setting)
    setting = replace(setting, partners=partners)
    waits = sorted(_query(costs, setting, own, load, noticed, chance) for _ in range(draws))
    partial = 1 - (1 - setting.silent) ** partners
    return Projected(crawl, query, waits[draws // 2], waits[int(draws * 0.99)], partial, messages)


def _timeouts(setting: Setting) -> float:
    """The chance that a silent partner is waited for: once the breaker is open it is asked once a pause."""
    per_pause = setting.queries_per_hour * setting.pause_s / 3600
    return min(1.0, 1 / per_pause) if per_pause > 0 else 1.0


def _query(
    costs: Costs, setting: Setting, own: float, load: float, noticed: float, chance: random.Random
) -> float:
    """How long one query takes [ms]: its own work in the queue, and the slowest partner that is waited for."""
    slowest = 0.0
    silent = _some(setting.partners, setting.silent, chance)
    if any(chance.random() < noticed for _ in range(silent)):
        slowest = setting.patience_ms
    busy = setting.partners - silent
    if busy and slowest < setting.patience_ms:
        slowest = _slowest(busy, costs, setting, load, chance)
    return own / (1 - load) + min(slowest, setting.patience_ms)


def _slowest(
    many: int, costs: Costs, setting: Setting, load: float, chance: random.Random, most: int = 200
) -> float:
    """The largest of many draws; of very many, the quantile that the largest of them lies at, drawn directly."""
    if many > most:
        way = setting.way_ms * math.exp(setting.way_sigma * _normal_quantile(chance.random() ** (1 / many)))
        return way + costs.answer_ms / (1 - load) * (math.log(many) + 0.58)
    return max(
        setting.way_ms * math.exp(setting.way_sigma * chance.gauss(0, 1))
        + chance.expovariate((1 - load) / max(costs.answer_ms, 1e-9))
        for _ in range(many)
    )


def _some(many: int, share: float, chance: random.Random) -> int:
    """A binomial number; of very many the normal approximation."""
    if many <= 200:
        return sum(chance.random() < share for _ in range(many))
    return max(0, round(chance.gauss(many * share, math.sqrt(many * share * (1 - share)))))


def _normal_quantile(share: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(min(max(share, 1e-12), 1 - 1e-12))


def settings() -> Sequence[tuple[str, Setting]]:
    """The federations of the table: everybody with everybody, and with fifty partners each."""
    rows = []
    for twins in (50, 1_000, 100_000):
        rows.append((f"{twins:,}, everybody with everybody", Setting(twins, twins - 1)))
        if twins > 50:
            rows.append((f"{twins:,}, fifty partners each", Setting(twins, 50)))
            rows.append((f"{twins:,}, fifty each, queries to five of them", Setting(twins, 50, in_query=5)))
    return rows


def table(costs: Costs) -> str:
    """The projection as a table."""
    head = ["twins", "partners of each", "catalogues, of a core", "queries, of a core", "query p50, ms",
            "query p99, ms", "answers that lack somebody", "messages a second in all"]  # fmt: skip
    rows = []
    for name, setting in settings():
        found = project(costs, setting)
        rows.append(
            [
                name,
                f"{setting.partners:,}",
                _share(found.crawl),
                _share(found.query),
                _time(found.p50),
                _time(found.p99),
                f"{found.partial:.0%}",
                f"{found.messages_per_s:,.0f}",
            ]
        )
    return tables.table(head, rows, right=range(1, len(head)))


def _share(value: float) -> str:
    return f"{value:.1%}" if value < 10 else f"{value:,.0f} cores"


def _time(value: float) -> str:
    return "cannot keep up" if math.isinf(value) else f"{value:,.0f}"
