"""Compute-to-data: a partner's package runs here on our data, ours runs there on theirs, and only agreed outputs leave.

``package`` what travels, signed · ``terms`` what an agreement says of it · ``computation`` what both sides keep ·
``providing`` the provider's side: people approve, a jail runs, checks let out · ``asking`` the consumer's side.
"""
