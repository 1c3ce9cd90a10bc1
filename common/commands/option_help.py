"""What the options of tasks are called, and their help: one name means the same in every task."""

HELP = {
    "env": "The environment: the name of a file in config/.",
    "project": "Only this project or instance of a project, or several separated by commas (default: all).",
    "only": "Only keys that match this pattern, such as 'lambda/*', and what these need.",
    "force": "Apply everything, changed or not.",
    "verify": "Read every file, artifact and live resource instead of trusting what is recorded.",
    "rebuild": "Do what --verify does, and build every package anew to compare it with what is deployed.",
    "adopt": "Take over resources that exist without our tags: all, or those whose keys match this pattern.",
    "adopt_from": "Take over resources that carry the tags of this owner, whom the refusal names.",
    "exclusive": "Take away tags, policies and fields of our resources that nobody has declared. Reads what --verify reads.",
    "json": "Print one JSON object instead of text.",
    "jobs": "How many AWS calls may run at once (default: 32).",
    "yes": "Ask nothing, not even on protected environments.",
    "wait": "Wait for another deploy of the same project instead of giving up.",
    "prune": "At the end, delete what is no longer declared.",
    "data": "Allow the deletion of what holds data (buckets, tables, log groups …), with all that is in it: "
    "where it must be replaced, and with --prune.",
    "verbose": "Print one line for each resource, as where there is no terminal.",
    "enforce_iam": "In an embedded environment, judge every call by the policies of whoever makes it (docs/fidelity.md).",
    "dry_run": "Only show what would be done, as `plan` does. Exit code 0: nothing; 2: something.",
}
OPTIONAL = ("adopt",)
"""These options may have a value or none."""
COLLECTING = {
    "days": "Keep what was in use within so many days, 8 to 3650 (default: 30).",
    "dry_run": "Only show what would be deleted.",
}
"""The options of `gc` alone."""
IMPORTING = {
    "project": "The project to write: a folder in projects/, which need not exist yet.",
    "match": "Names in AWS to import, as in 'orders-dev-*'. May be given several times, or with commas.",
    "type": "Import resources of this type, as in AWS::SQS::Queue, which --match selects by name or identifier.",
    "tag": "Import what has this tag: key=value. May be given several times.",
    "from_machine": "Import this state machine and everything that it reaches. May be given several times.",
    "config": "Convert this configuration file of another deployer instead; needs no AWS account.",
    "dry_run": "Only show what would be written.",
}
"""The options of `import` alone."""
NEW = {
    "project": "The name of the project to write; it may stand without the option.",
    "template": "What the project is made from; `invoke new --list` shows all of them.",
    "environment": "Write the configuration of an environment of this name instead of a project.",
    "like": "The environment whose settings the new one takes.",
    "name_prefix": "Begins the names in AWS of the new environment; without it one that follows from the other's.",
    "account": "The AWS account of the new environment, if it is not that of the other one.",
    "region": "The region of the new environment, if it is not that of the other one.",
    "each_developer": "The new environment is one for each developer: ${user} stands in its names.",
    "list": "Show the templates, and write nothing.",
    "yes": "Ask nothing.",
}
"""The options of `new` alone."""
TYPES = {
    "match": "A kind such as function, or types to list: a pattern such as 'AWS::SQS::*', a part of a name, or a whole name.",
    "schema": "Print the JSON schema of files with these types, for editors.",
}
"""The options of `types` alone."""
QUERY = {
    "statement": "One SELECT, WITH, SHOW or DESCRIBE. It may stand without the option.",
    "workgroup": "Athena's workgroup, in an account (default: primary).",
    "output": "Where Athena puts results if the workgroup does not say: s3://BUCKET/PREFIX/.",
    "csv": "Print CSV instead of a table.",
}
"""The options of `query` alone."""
RUNNING = {
    "only": "Run only this function, job, crawler or state machine, such as lambda/Validate.",
    "input": "The input of a state machine or function: JSON, a file of it, or - for standard input. With --from also `last`.",
    "argument": "An argument of a job, with --only: name=value. May be given several times.",
    "from_": "Run the state machine from this state on, with --input as the input of the state. A temporary machine does it.",
    "execution": "Explain the execution with this ARN, whoever started it. Nothing is started.",
    "redrive": "Continue the last execution, or that of --execution, from the states that failed.",
    "debug": "Let the function or job of --only wait for a debugger, and say where it waits. In the embedded AWS.",
    "preview": "Show the rows that the run has written: those of the pipeline's table, or in s3://BUCKET/PREFIX.",
}
"""The options of `run` alone."""
LOGS = {
    "follow": "Wait for more lines and show them as they come, until Ctrl-C.",
    "since": "Lines, or runs of jobs and machines, since then: 30m, 2h, 3d, or a time in UTC such as 2026-11-26T10:00.",
    "failed": "Only lines of calls, runs and states that failed.",
    "grep": "Only lines with this text.",
}
"""The options of `logs` alone."""
PLANNING = HELP.keys() - {"yes", "wait", "dry_run"}


def options(*names: str, **own: str) -> dict[str, str]:
    """The help of a task's options: of those that many have, and of its own."""
    return {**{name: HELP[name] for name in names}, **own}
