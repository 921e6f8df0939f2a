"""Microsoft Teams in and out: the only place that knows Microsoft's words."""
