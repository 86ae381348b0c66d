"""What can be wrong with a declared flow, seen from the caller's ear. Pure: flows in, findings out."""
