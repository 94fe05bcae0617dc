"""Participation: people speak, are heard, and are told what came of it. Records and rules; no I/O."""
