"""The values that the rooms above speak in: keys, resources, changes, plans, events. Nothing here reads or writes anything."""
