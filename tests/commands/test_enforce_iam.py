"""`--enforce-iam`: for embedded environments alone; the credentials that a command then has."""

import pytest

from common.aws.retries import Refusals
from common.aws_common import Clients
from common.environment.endpoints import DEFAULT, Endpoints
from tests.support.repository import Repository


@pytest.mark.parametrize("words", [("plan",), ("deploy", "--yes"), ("run",), ("destroy", "--yes", "dev")])
def test_on_a_real_account_it_is_refused(repository: Repository, words: tuple[str, ...]) -> None:
    repository.project("acres", "p.function('Validate')")
    ended = repository.invoke(*words, "--env", "dev", "--enforce-iam")
    assert ended.code == 1
    assert "dev is a real account: IAM is always enforced there. Leave out --enforce-iam." in ended.err + ended.out


def test_the_embedded_aws_of_a_real_account_is_not_started(repository: Repository) -> None:
    ended = repository.invoke("local.start", "--env", "dev", "--enforce-iam")
    assert (ended.code, "dev is a real account, and the embedded AWS is for other" in ended.err) == (1, True)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("plan", "--enforce-iam"), "whether IAM is enforced there cannot be chosen here. Leave out --enforce-iam."),
        (("local.start",), "and the embedded AWS is for other environments. Nothing was started."),
    ],
)
def test_another_aws_behind_endpoints_is_not_called_a_real_account(
    repository: Repository, words: tuple[str, ...], text: str
) -> None:
    """LocalStack, for example. The messages do not say more than is known: endpoints may also be those of an account's VPC."""
    repository.configure("dev", endpoints={"default": "http://127.0.0.1:9"})
    ended = repository.invoke(*words, "--env", "dev")
    assert (ended.code, "real account" in ended.err) == (1, False)
    assert "dev is reached at the endpoints of config/dev.json" in ended.err
    assert text in ended.err


@pytest.mark.parametrize(
    ("endpoints", "keys"),
    [
        (Endpoints({DEFAULT: "http://127.0.0.1:1"}, "secret"), ("123456789012", "secret", None)),
        (Endpoints({DEFAULT: "http://127.0.0.1:1"}, "secret", "ASIA1", "token"), ("ASIA1", "secret", "token")),
    ],
)
def test_a_client_signs_as_the_account_or_as_a_session(endpoints: Endpoints, keys: tuple[str, str, str | None]) -> None:
    client = Clients("eu-central-1", "123456789012", endpoints, 1, None, Refusals).of("sts")
    credentials = client._request_signer._credentials
    assert (credentials.access_key, credentials.secret_key, credentials.token) == keys
