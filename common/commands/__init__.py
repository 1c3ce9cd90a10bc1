"""One file for each task of the command line. This room alone imports invoke and opens workspaces, connections, deployments."""
