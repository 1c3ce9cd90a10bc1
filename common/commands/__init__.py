"""One file for each task of the command line. Only this room opens sessions and imports invoke."""
