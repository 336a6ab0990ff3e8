"""The web page and the API: thin, over ``Access``; no authorisation of its own."""
