"""Langfuse: a trace for each turn, a score for each rating, made after the fact.

Only `sending`, `spans` and `checking` import the SDK, and nothing imports these before they are
needed: that takes more than half a second.
"""
