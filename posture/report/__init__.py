"""Runs, findings and definitions written for machines and for people who read files."""
