"""What keeps a job from starting."""


class JobError(Exception):
    """The job cannot start; Glue would say so too."""
