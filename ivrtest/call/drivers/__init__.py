"""Ways to get a `Call`, one per file."""
