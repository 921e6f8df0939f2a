"""What the bot costs and how fast it is, beside a bare slack-bolt and LiteLLM bot."""
