"""Models: whether a directory is whole, safe and allowed, what it needs, how it is served. Loads none of them."""
