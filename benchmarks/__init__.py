"""Measurements of the twin: `python -m benchmarks` (or `make bench`) prints the table of docs/reference/performance.md.

Machines are shared and noisy, so the figures to trust are CPU time per request or row and ratios within one run.
"""
