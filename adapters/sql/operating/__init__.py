"""What admins and operators do: pauses, dead letters, forgetting a person, and the record of it."""
