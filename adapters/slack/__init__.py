"""Slack: reads its events into core's words, and writes answers and reports into its threads."""
