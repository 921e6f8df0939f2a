"""Calls to Slack's Web API: one client, one write budget, one place where its errors are read."""
