"""Stand-ins for the outside systems, started on loopback by tests, benchmarks and developers."""
