"""What Slack sends: checked, read into core's words and stored before it is acknowledged."""
