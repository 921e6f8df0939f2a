"""How a database comes to the present schema, and which older programs may still read it."""
