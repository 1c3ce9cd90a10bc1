"""What is stored in the artifact bucket: records, release roots, artifacts, leases, and the order in which they are written."""
