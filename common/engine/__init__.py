"""Planning, applying, pruning, comparing and collecting. It knows resources by their protocol alone."""
