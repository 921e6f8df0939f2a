"""Microsoft Teams: reads its activities into core's words, and writes answers into its chats."""
