"""How what happens in the workspace reaches the bot: by HTTP or by Socket Mode."""
