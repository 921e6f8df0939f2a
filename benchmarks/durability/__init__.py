"""What a stored and ordered message costs, how soon it is begun, and how soon a crash is over."""
