"""The life of a dataset: draft, in review, released, deprecated; each step with who took it and why."""
