"""Starts an execution of a state machine, follows it to its end, and explains a failure."""
