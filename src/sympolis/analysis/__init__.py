"""What a model's numbers mean: checked what-ifs, ensembles, intervals, comparisons and fit figures.

Pure functions over values; nothing here reads a store, starts a process or knows the time.
"""
