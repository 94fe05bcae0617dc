"""The command line: the same acts as the API, for people at a terminal and for scripts.

Every command asks the twin's own API, over HTTP where a server already holds the data folder, else in this process;
so the two can never differ. Exit codes: 0 done, 1 the answer is no, 2 wrong usage, 3 could not be done.
"""
