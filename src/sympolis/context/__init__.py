"""The context broker's rules: terms, queries, merging, and the port behind which stores stand (NGSI-LD)."""
