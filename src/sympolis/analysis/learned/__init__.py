"""Models that learned from data: what they say of themselves, the life they lead, and how they are asked."""
