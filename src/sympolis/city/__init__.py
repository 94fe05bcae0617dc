"""A city as a folder: its package is read, checked and turned into sources, models, services and pages.

Nothing in here knows a particular city. ``package`` reads the declarations, the other modules each make one of the
platform's parts from them.
"""
