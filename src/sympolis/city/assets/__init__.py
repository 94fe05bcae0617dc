"""What a city's twin can give to others and take from them: assets made from its package, and laid over it."""
