"""What everything may use and what uses nothing of ours: errors, digests, files, git, the terminal, suggestions."""
