"""Sitting around the same table: a scene that several people look at together, each on their own screen."""
