"""What to do when a function, job, crawler or state machine was refused a call that its role does not allow.

Follows https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

import re

_DENIED = re.compile(
    r":assumed-role/(?P<role>[\w+=,.@-]+)/\S+ is not authorized to perform: (?P<action>[\w-]+:\w+)"
    r'(?: on resource: "?(?P<resource>[^\s"]+)"?)?(?P<explicit> with an explicit deny)?'
)
_FORBIDDEN = re.compile(r"\(403\) when calling the HeadObject operation|Status Code: 403; Error Code: (?:AccessDenied|403)")
"""How SDKs report a refusal of S3 that does not say what was refused."""


def advice(message: str) -> str:
    """Returns what to do about the call that a message says was denied; empty if it says of none."""
    if denied := _DENIED.search(message):
        role, action, resource = denied["role"], denied["action"], denied["resource"] or "*"
        if denied["explicit"]:
            return f"A policy denies {action} to the role {role}, so no other one can allow it: change the denying statement."
        return (
            f"The role {role} does not allow {action} on {resource}. Where what runs with this role is declared, name "
            f'what it uses in reads or writes, or add permissions=[allow("{action}", on=...)]; then deploy.'
        )
    if _FORBIDDEN.search(message):
        return (
            "S3 does not say what it refused: the role needs s3:GetObject on the object, and s3:ListBucket on the bucket to be "
            "told that an object does not exist. Where what failed is declared, name the place in reads or writes; then deploy."
        )
    return ""
