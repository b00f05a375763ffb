"""Files: names and paths that are safe, writing whole or not at all, reading as data only."""
