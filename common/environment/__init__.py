"""What configuration says of an environment, and the names and endpoints that follow from it."""
