"""Atlases: things of several kinds in one view, filtered by one set of questions, counted, summed and exported."""
