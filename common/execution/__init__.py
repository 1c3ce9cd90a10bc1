"""One execution of a state machine: started, followed to its end, and explained where it failed."""
