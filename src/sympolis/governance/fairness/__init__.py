"""Whom a city's data leave out: the coverage of areas and groups of people by what is measured (see ``coverage``)."""
