"""What Slack serves beside its Web API: files and response URLs."""
