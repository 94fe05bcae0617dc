"""Snapshots: what queries gave at one time, frozen as a place of its own to read, change and try things on.

GS CIM 009, clauses 4.3.7, 5.2.41, 5.5.15, 5.16. ``snapshot`` is the resource, ``capture`` fills it, ``service`` keeps
all of them; where a snapshot's entities are, ``context.places`` says.
"""
