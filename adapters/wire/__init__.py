"""HTTP and server-sent events as every adapter needs them; knows none of them."""
