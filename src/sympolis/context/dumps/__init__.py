"""The whole of a broker in files of open formats, and back: how a city leaves, moves house or sleeps well."""
