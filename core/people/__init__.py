"""Who may use the bot, how much, and with which settings of their own."""
