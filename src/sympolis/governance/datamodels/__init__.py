"""Data models: what entities of a type look like, published in standard forms and checked at the door."""
