"""The rules of the product as pure functions over frozen values. Standard library only."""
