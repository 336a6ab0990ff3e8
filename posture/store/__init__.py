"""Runs, findings and exemptions in a SQL database."""
