"""Results become files and screens: one format per file, one renderer for a finding or a failed step."""
