"""The Bot Connector: what the bot posts, changes, deletes and asks, and how it is refused."""
