"""What `python -m bot` does beside running the bot; each is imported only when it is asked for."""
