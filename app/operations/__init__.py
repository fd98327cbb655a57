"""Keeping an installation running: start, status, checks of the host and of what it tries to reach."""
