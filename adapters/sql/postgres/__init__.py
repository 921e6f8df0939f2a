"""PostgreSQL: connections that never wait long, and a schema that many processes share."""
