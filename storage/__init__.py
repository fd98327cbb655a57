"""What Premise keeps: the catalog (the truth), the two indexes derived from it, originals, models, settings."""

from storage.switchboard import silence

silence()  # before any library can be imported
