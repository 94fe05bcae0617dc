"""The standards at the edge: one folder per standard, beside the few things they share (errors, guards, routing)."""
