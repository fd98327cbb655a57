"""The commands of `premise` that fill a module of their own; app/cli.py puts them together."""
