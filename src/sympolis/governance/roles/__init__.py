"""Roles and what each may do: a table that a person can read (``roles.toml``), which a city may alter."""
