"""The playground over HTTP: the page, its live updates and what it posts."""
