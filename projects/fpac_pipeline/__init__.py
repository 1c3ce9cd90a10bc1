"""The example: farm crop acreage."""
