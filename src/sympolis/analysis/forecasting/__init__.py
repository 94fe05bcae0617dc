"""Forecasts of the twin's own series that say how good they are, and that are withheld where they are not good enough.

``plan`` is what a city declares; ``panel`` the series on one grid of steps; ``features`` what is known at an origin;
``models`` learn from it; ``conformal`` puts intervals around what they say; ``evaluation`` replays the past, origin by
origin, against the seasonal-naive forecast; ``judging`` decides what is published; ``work`` joins them and is what a
worker process calls. Needs numpy; gradient boosting needs the extra ``forecast`` and is left out without it.
"""
