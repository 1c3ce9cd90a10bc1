"""Reads what runs in an account and writes it as a project: declaration, code, configuration. Changes nothing in AWS."""
