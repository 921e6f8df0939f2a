"""Settings, wiring, server, schedule, lifecycle: the only place that knows everything."""
