"""What goes into a package, and how: the files of a folder, shared code, dependencies, the archive.

Nothing here knows what a package is for; `artifact` puts the parts together.
"""
