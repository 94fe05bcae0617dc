"""Help for those who use the twin: a desk for questions, a search of the documentation, tutorials on the twin."""
