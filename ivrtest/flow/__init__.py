"""What an interactive voice response menu is, as plain values, and how it behaves."""
