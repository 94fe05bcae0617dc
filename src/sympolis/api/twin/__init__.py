"""The twin's own API (docs/reference/twin-api.md): the city, its map, sources, scenarios, runs, figures and lineage.

``operations`` has its routes; ``changes`` alone is also a broker's without a city, which therefore loads no more.
"""
