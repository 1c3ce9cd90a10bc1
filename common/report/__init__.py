"""Events as text or JSON. This room decides nothing and asks nothing."""
