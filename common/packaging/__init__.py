"""Builds artifacts from files: the files of a folder, shared code, dependencies, and the archive that holds them.

This room makes no call to AWS and does not know what an artifact is for; `artifact` puts the parts together.
"""
