"""Numbers about turns, made readable: pure functions from a summary to a document."""
