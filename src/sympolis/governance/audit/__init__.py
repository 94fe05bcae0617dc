"""The audit log: who did what, in an order that nobody can change unnoticed.

``record`` what an entry says and how entries are chained · ``trail`` the port that keeps them · ``log`` what a server
writes through · ``verification`` whether a log is whole · ``wording`` what people call an operation.
"""
