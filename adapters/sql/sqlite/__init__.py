"""One SQLite file: its lock, its one writer with group commit, its readers."""
