"""Finding out what partners have, need and can: catalogues, compatibility, open needs and benchmarks across cities."""
