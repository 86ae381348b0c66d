"""The embedded IVR: it answers calls and drives the flow machine."""
