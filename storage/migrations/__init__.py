"""Alembic's migrations. storage/database.py runs them when a catalog is opened."""
