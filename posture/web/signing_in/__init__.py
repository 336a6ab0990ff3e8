"""How people prove who they are on the page: with an OpenID provider, or with their operator token."""
