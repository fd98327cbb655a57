"""The web server: one gate, the REST API, signing in, and what the pages share with it."""
