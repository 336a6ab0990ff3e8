"""One tenant, its tables at one moment: written once, queried with SQL."""
