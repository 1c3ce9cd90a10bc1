"""State machine definitions in the Amazon States Language: loaded, checked, and read for what they may call."""
