"""Participation at work: places, runs and people's words joined; the rules are ``decision.participation``'s."""
