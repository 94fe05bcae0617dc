"""Partners: the other twins that this one deals with, how to reach them, and how that has gone."""
