"""The AWS types: one file each, which knows how to render, read, create, update and delete that type and nothing else."""
