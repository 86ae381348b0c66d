"""Scenarios become results: a conversation is held with a call, and every step's verdict is kept with its evidence."""
