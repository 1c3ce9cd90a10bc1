"""Access to AWS: clients, credentials, retries, rates, the tagging index, Parameter Store. No other room uses botocore."""
