"""Services and models of partners, called under contract; and our own, called by them.

``call`` one call and what came of it · ``caller`` the consumer's side: begins calls, follows them, keeps answers ·
``channel`` requests with a transfer's token, metered as they come · ``served`` what partners have begun here.
"""
