"""What the bot does, in the words of the field; knows no platform, no SDK and no I/O."""
