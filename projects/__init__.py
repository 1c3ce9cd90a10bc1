"""Declarations of pipelines, one folder each."""
