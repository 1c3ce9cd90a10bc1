"""IAM's simulator in the shape of its API: botocore's model checks what is sent and what is answered.

It judges patterns of actions and resources, and conditions with `StringEquals`; how the parts of a decision are reported follows
https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from botocore.validate import ParamValidator

from common.base.errors import AwsError
from tests.support.model_stores import model

Document = Mapping[str, Any]


@dataclass
class SimulatedIam:
    """What a principal is allowed, and a session that may ask for it.

    Args:
        roles: the roles of the account, by name.
        policies: the statements of its policies.
        boundary: the statements of its permissions boundary; None if it has none.
        organization: the statements of its organization's policies; None if it is in none.
        apart: actions that are simulated in no request with others.
        unknown: keys of conditions for which every request lacks a value.
        denied: operations that are not allowed to whoever asks.
        page_size: how many results a page has.
    """

    roles: Mapping[str, Document] = field(default_factory=dict)
    policies: Sequence[Document] = ()
    boundary: Sequence[Document] | None = None
    organization: Sequence[Document] | None = None
    apart: frozenset[str] = frozenset()
    unknown: Sequence[str] = ()
    denied: frozenset[str] = frozenset()
    page_size: int = 1000
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def call(self, service: str, operation: str, /, **parameters: Any) -> Any:
        """Answers GetRole, and the dry runs of Lambda as for a function that does not exist."""
        self._check(service, operation, parameters)
        if service == "lambda":
            assert parameters.get("DryRun") or parameters.get("InvocationType") == "DryRun", "nothing is run or changed"
            raise AwsError(service, operation, "ResourceNotFoundException", "Function not found")
        assert operation == "GetRole"
        return {"Role": self.roles[parameters["RoleName"]]}

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[Any]:
        """Answers ListRoles and SimulatePrincipalPolicy, in pages."""
        self._check(service, operation, parameters)
        if operation == "ListRoles":
            path = parameters["PathPrefix"]
            yield {"Roles": [role for role in self.roles.values() if role["Path"].startswith(path)], "IsTruncated": False}
            return
        assert operation == "SimulatePrincipalPolicy"
        source = parameters["PolicySourceArn"]
        if ":role/" in source and source not in {role["Arn"] for role in self.roles.values()}:
            raise AwsError(service, operation, "NoSuchEntity", f"The role {source} cannot be found.")
        actions = parameters["ActionNames"]
        if len(actions) > 1 and (own := sorted(self.apart & {*actions})):
            others = [action for action in actions if action not in own]
            groups = f"[{','.join(own)}] and [{','.join(others)}]" if others else "[]"
            text = f"Invalid Input Actions: {groups} require different authorization information."
            raise AwsError(service, operation, "InvalidInput", text)
        context = {entry["ContextKeyName"]: entry["ContextKeyValues"] for entry in parameters["ContextEntries"]}
        results = [self._result(action, parameters["ResourceArns"], context) for action in actions]
        for first in range(0, len(results), self.page_size):
            page = {"EvaluationResults": results[first : first + self.page_size], "IsTruncated": False}
            report = ParamValidator().validate(page, model(service, operation).output_shape)
            assert not report.has_errors(), report.generate_report()
            yield page

    def _check(self, service: str, operation: str, parameters: dict[str, Any]) -> None:
        report = ParamValidator().validate(parameters, model(service, operation).input_shape)
        assert not report.has_errors(), report.generate_report()
        self.calls.append((operation, parameters))
        if operation in self.denied:
            raise AwsError(service, operation, "AccessDenied", f"not authorized to perform: {service}:{operation}")

    def _result(self, action: str, arns: Sequence[str], context: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        specific = [self._specific(action, arn, context) for arn in arns]
        worst = next((each for each in specific if each["EvalResourceDecision"] != "allowed"), specific[0])
        result = {"EvalActionName": action, "EvalResourceName": arns[0], "EvalDecision": worst["EvalResourceDecision"]}
        if self.organization is not None:
            allowed = all(_decided(self.organization, action, arn, context) == "allowed" for arn in arns)
            result["OrganizationsDecisionDetail"] = {"AllowedByOrganizations": allowed}
        return {**result, "MissingContextValues": [*self.unknown], "ResourceSpecificResults": specific}

    def _specific(self, action: str, arn: str, context: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        decision = _decided(self.policies, action, arn, context)
        matching = [each for each in self.policies if _matches(each, action, arn, context)]
        if decision == "explicitDeny":
            matching = [each for each in matching if each["Effect"] == "Deny"]
        result: dict[str, Any] = {
            "EvalResourceName": arn,
            "MatchedStatements": [{"SourcePolicyId": each.get("Sid", "inline"), "SourcePolicyType": "role"} for each in matching],
            "MissingContextValues": [*self.unknown],
        }
        limits = [self.organization] if self.organization is not None else []
        if self.boundary is not None:
            limits.append(self.boundary)
            allowed = _decided(self.boundary, action, arn, context) == "allowed"
            result["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": allowed}
        if decision == "allowed" and any(_decided(limit, action, arn, context) != "allowed" for limit in limits):
            decision = "implicitDeny"
        return {**result, "EvalResourceDecision": decision}


def _decided(statements: Sequence[Document], action: str, arn: str, context: Mapping[str, Sequence[str]]) -> str:
    effects = {statement["Effect"] for statement in statements if _matches(statement, action, arn, context)}
    return "explicitDeny" if "Deny" in effects else "allowed" if effects else "implicitDeny"


def _matches(statement: Document, action: str, arn: str, context: Mapping[str, Sequence[str]]) -> bool:
    equals = statement.get("Condition", {}).get("StringEquals", {})
    holds = all(
        any(value in ([values] if isinstance(values, str) else values) for value in context.get(key, ()))
        for key, values in equals.items()
    )
    return (
        holds
        and any(fnmatchcase(action, pattern) for pattern in statement["Action"])
        and any(fnmatchcase(arn, pattern) for pattern in statement["Resource"])
    )
