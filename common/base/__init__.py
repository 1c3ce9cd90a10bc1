"""The ground floor, which every room may use: errors, digests, files, git, the terminal, suggestions."""
