"""The IAM policy that an import needs. It only reads: names, settings, code and scripts; no call of it changes anything.

Follows https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from common.base.json_types import JsonObject
from common.environment.config import Environment

EVERYWHERE = (
    *("cloudformation:GetResource", "cloudformation:ListResources", "cloudwatch:DescribeAlarms"),
    *("dynamodb:DescribeTable", "glue:GetCrawler", "glue:GetDatabase", "glue:GetJob", "kms:DescribeKey"),
    *("lambda:GetFunctionConfiguration", "s3:GetBucketLocation", "secretsmanager:DescribeSecret", "sns:GetTopicAttributes"),
    "sqs:GetQueueUrl",
    "events:ListEventBuses",
    *("events:ListRuleNamesByTarget", "events:ListRules", "glue:GetCrawlers", "glue:GetJobs", "lambda:ListEventSourceMappings"),
    *(
        "lambda:ListFunctions",
        "logs:DescribeLogGroups",
        "s3:ListAllMyBuckets",
        "scheduler:ListSchedules",
        "states:ListStateMachines",
        "tag:GetResources",
    ),
)
"""What IAM does not limit to resources, what lists all of them, or what asks whether anything that a text names exists."""
ADVICE = (
    "s3:GetObject is on all buckets, because any may hold a job's script; limit it to those that do. "
    "lambda:GetFunction downloads the code of functions. With --type, AWS's handlers of the type read in your name: allow what "
    "they call, such as sqs:ListQueues and sqs:GetQueueAttributes, or attach AWS's policy ReadOnlyAccess."
)


def document(env: Environment) -> JsonObject:
    """The policy document for imports from an environment's account."""
    named = {
        env.arn("events", "rule/*"): ["events:ListTargetsByRule"],
        env.arn("lambda", "function:*"): [
            *("lambda:GetAlias", "lambda:GetFunction", "lambda:GetPolicy", "lambda:GetProvisionedConcurrencyConfig"),
            "lambda:ListVersionsByFunction",
        ],
        env.arn("states", "stateMachine:*"): [
            *("states:DescribeStateMachine", "states:DescribeStateMachineAlias", "states:ListStateMachineAliases"),
            "states:ListStateMachineVersions",
        ],
        env.role_arn("/", "*"): ["iam:GetRole"],
        env.bucket_arn("*", "*"): ["s3:GetObject"],
    }
    statements = [{"Effect": "Allow", "Action": actions, "Resource": [arn]} for arn, actions in named.items()]
    statements.append({"Effect": "Allow", "Action": list(EVERYWHERE), "Resource": ["*"]})
    return {"Version": "2012-10-17", "Statement": statements}
