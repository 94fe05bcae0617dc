"""Who asks: people and machines, how they prove it, and the roles they have.

``subject`` who somebody is, once known · ``records`` what is kept of people and keys · ``directory`` the port that
keeps it · ``accounts`` what an administrator does · ``secrets`` keys and passwords · ``tokens`` proofs of an OpenID
Connect issuer · ``issuer`` the small one of this server.
"""
