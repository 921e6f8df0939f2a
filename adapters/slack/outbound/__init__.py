"""What Slack is told: streamed answers, drawn reports, and what was said before."""
