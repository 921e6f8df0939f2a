"""Text and reports as HTML."""
