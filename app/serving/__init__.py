"""The language model and its queue: whichever server on the premises speaks its protocol."""
