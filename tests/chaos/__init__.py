"""`./run chaos`: what breaks while people ask, and what they see of it in the end."""
