"""Master data: the one identity of streets, areas, buildings and organisations, with aliases and history."""
