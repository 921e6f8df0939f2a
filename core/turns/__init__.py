"""One turn, from the stored message to the recorded answer."""
