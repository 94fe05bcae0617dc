"""Contracts with other twins at work: what is kept of them, who decides, and how messages get there.

``book`` the port that keeps them · ``exchange`` what negotiations and transfers have in common · ``negotiations`` ·
``transfers`` · ``offers`` the port to what is offered · ``scripts`` the protocol's test mode.
"""
