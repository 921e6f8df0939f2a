"""Answers in Teams: ours, its adapter alone, and Microsoft's SDK as its samples have it."""
