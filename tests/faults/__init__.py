"""What goes wrong around a bot that runs as a process, and what people see of it."""
