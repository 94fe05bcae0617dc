"""Dashboards: figures that a city declares, each with where it is from, how sure it is, and what others say."""
