"""The web playground: a small team chat on loopback, a platform like any other to core."""
