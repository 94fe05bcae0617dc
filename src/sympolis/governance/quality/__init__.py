"""The quality of a twin's datasets, told and published: metrics and dimensions, the badge with its reasons, DQV.

What is measured comes from acquisition (``evaluation``) as JSON. ``metrics`` what each figure means · ``badge`` the
verdict in words · ``measurements`` the same as RDF (W3C Data Quality Vocabulary).
"""
