"""The resources that all pipelines of an environment share."""

from common import Environment, SharedResources, main


def pipeline(env: Environment) -> SharedResources:
    """Buckets, a topic for alerts, and log groups."""
    shared = SharedResources(env)
    shared.bucket("artifacts")
    shared.bucket("landing", event_bridge=True)
    shared.bucket("cleansed")
    shared.bucket("final")
    shared.topic("alerts")
    shared.log_group("states")
    shared.log_group("glue")  # where jobs up to Glue 4.0 write; later ones write to the next two
    shared.log_group("glue/output")
    shared.log_group("glue/error")
    return shared


if __name__ == "__main__":
    main("deploy-shared")
