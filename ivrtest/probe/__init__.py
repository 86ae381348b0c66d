"""A live IVR is asked questions whose answers are known, to find out what it does."""
