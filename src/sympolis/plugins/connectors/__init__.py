"""The connectors that come with the platform, a folder each: how data of one form or protocol come in.

They stand on the same contract as a third party's (``sympolis.plugins.connector``) and import nothing of one another.
"""
