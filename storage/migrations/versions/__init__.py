"""Every migration, the oldest first by number."""
