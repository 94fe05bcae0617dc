"""Subscriptions: who wants to be told of which changes, and the telling (GS CIM 009, clauses 5.2.12-5.2.15 and 5.8).

``subscription`` holds the values, ``parsing`` reads them, ``document`` gives them back, ``index`` and ``matching`` find
whom a change concerns, ``notice`` says what they are told, ``service`` keeps the subscriptions, ``worker`` follows
the change log and ``lanes`` deliver, through a ``Notifier`` (a port: nothing here opens a connection).
"""
