"""What adapters share: HTTP, server-sent events, asking for settings; knows none of them."""
