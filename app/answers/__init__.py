"""Answers: what is put before the reader or the model, what is written or quoted, and whether it holds."""
