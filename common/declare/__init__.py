"""From a repository and an environment to resources: declarations are loaded, checked and rendered. Nothing here asks AWS."""
