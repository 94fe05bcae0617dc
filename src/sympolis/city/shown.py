"""The city as it is shown now: its dashboards, stories and rules that warn may change while its twin runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sympolis.analysis.dashboards.plan import DashboardPlan
from sympolis.city.alerts import AlertPlan
from sympolis.city.schema import City
from sympolis.city.stories import StoryPlan


@dataclass(slots=True)
class Shown:
    """Whoever shows views of a city asks this each time, and keeps no city of its own."""

    city: City

    @property
    def stories(self) -> Sequence[StoryPlan]:
        """The stories that can be walked through now."""
        return self.city.stories

    @property
    def alerts(self) -> Sequence[AlertPlan]:
        """The rules by which the city warns now."""
        return self.city.alerts

    @property
    def dashboards(self) -> Sequence[DashboardPlan]:
        """The dashboards that are there now."""
        return self.city.dashboards

    def show(self, other: City) -> None:
        """Show the views of another reading of the same city; all else stays as it was at the start."""
        self.city = replace(
            self.city, dashboards=other.dashboards, stories=other.stories, alerts=other.alerts
        )
