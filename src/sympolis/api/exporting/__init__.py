"""Whole datasets as files: GeoParquet, Arrow and CSV, for people who work with tables."""
