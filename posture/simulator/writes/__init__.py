"""What Graph's writes do to a tenant: one module for each family, a table by route id, and the rules before it."""
