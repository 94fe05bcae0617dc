"""Who owns what, where a number comes from and who may see it."""
