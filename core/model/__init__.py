"""Wrappers around a language model: each takes a ChatModel, is one, and adds one concern.

From the inside out, as bot/wiring.py stacks them: a lane, limited, timed, metered, checking,
breaking, retrying, falling back.
"""
