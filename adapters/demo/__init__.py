"""The demo model: an OpenAI-compatible server on loopback that answers from the product's docs.

The demo, the tests' stand-in for a provider, and the fault injector are this one server.
"""
