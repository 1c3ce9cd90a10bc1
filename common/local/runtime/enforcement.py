"""Judges every request by the policies of whoever signed it, where the embedded AWS enforces IAM.

ministack evaluates policies as IAM does (Allow and Deny, NotAction, NotResource, conditions, boundaries), but asks about one
action on one resource, which it reads from a request loosely: a Glue job is judged as a table, and nobody is asked whether a role
may be passed. So here each request is asked about as `iam_questions` knows it, and a refusal says what was refused, as AWS does.
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

import sys
from contextvars import ContextVar
from typing import Any

import iam_questions
import seams
import settings as launch_settings
from iam_needs import Asked
from json_types import Function, JsonObject, Response
from ministack import app
from ministack.core import iam_actions, iam_evaluator, lambda_runtime
from ministack.services import lambda_svc, tagging
from role_sessions import Denial, of_role

_ACTION = "service, method, path, headers, body, query_params"
_ENFORCE = "access_key_id, iam_action, service, region, resource_arn, service_context"
_DENIED = (
    "service, action, principal_arn, request_id, error_code, message, headers, resource_arn, explicit_deny, resource_policy_arn"
)
_questions: ContextVar[list[Asked]] = ContextVar("_questions")
"""What IAM is asked about the request that is being answered, if ministack does not know it itself."""
_refused: ContextVar[Asked | None] = ContextVar("_refused", default=None)
"""The question that was answered with no."""


def install(settings: launch_settings.Settings) -> None:
    """Replace what is asked and how a refusal reads; nothing where IAM is not enforced."""
    read_action = seams.use(iam_actions, "extract_iam_action", _ACTION)
    read_arn = seams.use(iam_actions, "extract_resource_arn", f"{_ACTION}, region, account_id")
    enforce = seams.use(iam_evaluator, "enforce", _ENFORCE)
    answer = seams.use(iam_actions, "access_denied_response", _DENIED)
    for owner in (lambda_runtime, lambda_svc):
        seams.use(owner, "execution_credentials", "config")
    pin_origin = seams.use(app, "pin_request_origin", "source_ip, secure_transport")
    collectors = seams.table(tagging, "_RESOURCE_TAG_COLLECTORS")
    if not settings.enforces_iam:
        return

    def extract_action(service: str, *request: Any) -> str | None:
        questions = iam_questions.of_request(service, *request)
        _questions.set(questions)
        _refused.set(None)
        action = questions[0].action if questions else read_action(service, *request)
        if action is None:
            sys.stderr.write(f"IAM does not judge {service}: {' '.join(request[:2])}\n")
        return action

    def extract_arn(*request: Any) -> str:
        questions = _questions.get([])
        return questions[0].arn if questions else str(read_arn(*request))

    iam_actions.extract_iam_action = extract_action
    iam_actions.extract_resource_arn = extract_arn
    iam_evaluator.enforce = _every_question(enforce)
    iam_actions.access_denied_response = _in_words(answer)
    for owner in (lambda_runtime, lambda_svc):
        owner.execution_credentials = lambda config: of_role(settings, config["Role"], config["FunctionName"]).variables
    app.pin_request_origin = lambda source_ip, _: pin_origin(source_ip, True)  # nothing leaves this machine: as good as TLS
    for service, collect in tagging._COLLECTORS.items():
        collectors.setdefault(service, collect)


def _every_question(enforce: Function) -> Function:
    """Ask all that is to be asked about the request, where ministack asks one question."""

    def enforced(
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: JsonObject | None = None,
    ) -> Any:
        own = Asked(iam_action, resource_arn, {})
        questions = _questions.get([])
        is_request = bool(questions) and (questions[0].action, questions[0].arn) == (iam_action, resource_arn)
        for question in questions if is_request else [own]:
            same = question.action == iam_action
            keys = {**(service_context or {} if same else {}), **question.context}
            owner = service if same else question.action.partition(":")[0]
            denied = enforce(access_key_id, question.action, owner, region, question.arn, keys)
            if denied:
                _refused.set(question)
                return denied
        return None

    return enforced


def _in_words(answer: Function) -> Function:
    """Name the action and the resource that were refused, as AWS does."""

    def respond(service: str, action: str, principal_arn: str, request_id: str, **details: Any) -> Response:
        question = _refused.get()
        if question is not None and not details.get("error_code") and not details.get("resource_policy_arn"):
            details["message"] = str(Denial(question, principal_arn, bool(details.get("explicit_deny"))))
            action, details["resource_arn"] = question.action, question.arn
        response: Response = answer(service, action, principal_arn, request_id, **details)
        return response

    return respond
