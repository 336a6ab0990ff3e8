"""Runs, findings, exemptions, plans and the audit in a SQL database."""
