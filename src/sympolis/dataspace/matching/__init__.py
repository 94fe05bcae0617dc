"""Who could work with whom: profiles with needs and offers, explained matches, cities that are alike."""
