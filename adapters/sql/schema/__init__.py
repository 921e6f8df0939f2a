"""The tables, their types, and how an older database comes to them."""
