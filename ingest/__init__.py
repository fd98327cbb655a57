"""From files in a folder to chunks in the catalog. Knows storage; knows nothing of questions."""
