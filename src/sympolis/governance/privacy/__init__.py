"""What is owed to the people whom data are about: erasure that lasts."""
