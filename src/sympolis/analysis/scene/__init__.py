"""The city's buildings as 3D Tiles 1.1 (OGC 22-025r4): which a tile shows, their solids, its bytes."""
