"""Core's documents, endings and Markdown, drawn as Teams shows them."""
