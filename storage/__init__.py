"""What Premise keeps: the catalog (the truth), the two indexes derived from it, originals, models, settings."""
