"""State machine definitions in the Amazon States Language: loads and checks them, and finds the permissions that they need."""
