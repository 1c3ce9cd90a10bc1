"""Turns a repository and an environment into resources: loads, checks and renders declarations. It makes no calls to AWS."""
