"""The half of AWS Glue's Spark library that exists only in AWS, over plain DataFrames. Runs in a job's own Python.

Glue's package ``awsglue`` hands every call to a Java library that cannot be had outside AWS. Here the classes of the package that
would do so are replaced; all others (the transforms, ``getResolvedOptions``) stay the package's own.
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-python-extensions.html
"""


def install() -> None:
    """Put the classes in place of the package's, before any script imports them."""
    import awsglue
    import awsglue.dynamicframe

    from embedded_glue.frame import DynamicFrame, DynamicFrameCollection

    awsglue.DynamicFrame = awsglue.dynamicframe.DynamicFrame = DynamicFrame
    awsglue.dynamicframe.DynamicFrameCollection = DynamicFrameCollection

    import awsglue.context
    import awsglue.job
    import awsglue.transforms
    import awsglue.transforms.drop_nulls

    from embedded_glue import hooks
    from embedded_glue.context import GlueContext
    from embedded_glue.job import Job
    from embedded_glue.transforms import DropNullFields

    hooks.install()
    awsglue.context.GlueContext = GlueContext
    awsglue.job.Job = Job
    awsglue.transforms.DropNullFields = awsglue.transforms.drop_nulls.DropNullFields = DropNullFields
