"""Data under contract: what an agreement lets out at this moment, what was used, and what was brought home.

``tokens`` for one transfer each · ``enforcement`` the agreement's policy, asked at every request · ``contracted`` what
a request under contract may read · ``receiving`` the consumer's side.
"""
