"""Plans that a law asks a city for: steps, assumptions, figures against targets, zones, measures, what is missing."""
