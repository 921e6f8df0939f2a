"""What Teams sends: who may send it, what it says, and where in core it goes."""
