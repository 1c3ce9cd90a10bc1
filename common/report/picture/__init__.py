"""Pictures of projects and state machines as SVG: arranged in layers, with labels that nothing runs over."""
