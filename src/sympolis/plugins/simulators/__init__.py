"""The models that come with the platform, a folder each.

They stand on the same contract as a third party's (``sympolis.plugins.simulator``) and import nothing of one another;
none knows a city: what is a city's stands in its package.
"""
