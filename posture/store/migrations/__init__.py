"""How the database came to its shape, one step a file; applied by Alembic."""
