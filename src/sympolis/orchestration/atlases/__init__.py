"""Fills the atlases that a city declares from the twin, and answers what is asked of them."""
