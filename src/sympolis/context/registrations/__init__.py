"""Context sources: who else has context information, and of what kind (GS CIM 009, clauses 4.3.6, 5.2.9 and 5.9-5.12).

``registration`` holds the values, ``operations`` the names of what a source can do, ``parsing`` reads registrations
and ``document`` gives them back, ``matching`` and ``index`` find those that a request concerns, ``conflicts`` says
which may not stand beside each other, ``books`` and ``service`` keep them; ``wanting`` and ``telling`` serve those who
subscribed to them.
"""
