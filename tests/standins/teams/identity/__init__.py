"""Who is who: the keys that sign what the bot hears, and the tokens that the bot speaks with."""
