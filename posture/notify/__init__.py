"""Telling people: notices put into words, and the channels that carry them."""
