"""From a source to the twin: read, map to a data model, check quality, write — or quarantine with the reason."""
