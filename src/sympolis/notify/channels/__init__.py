"""The ways by which people are told: each a ``decision.notices.desk.Carrier``, loaded when it is first used."""
