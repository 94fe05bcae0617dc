"""Computing on data that stay where they are: what may be computed, the process it runs in, and what may leave.

``declaration`` what a package says of itself · ``columns`` the data as a package sees them · ``statistics`` and
``rounds`` the declared algorithms · ``confined`` the locked process · ``disclosure`` checks of every output.
"""
