"""Secrets of many formats, made up anew and never valid, and what only looks like some."""

import base64
import json
import random
import string

_RANDOM = random.Random(7)
LETTERS = string.ascii_letters
ALNUM, UPPER, HEX, BASE64 = (
    LETTERS + string.digits,
    string.ascii_uppercase + "234567",
    "0123456789abcdef",
    LETTERS + "0123456789+/",
)


def some(count: int, of: str = ALNUM) -> str:
    return "".join(_RANDOM.choice(of) for _ in range(count))


def _basic() -> str:
    return base64.b64encode(f"bob:{some(12)}".encode()).decode()


def _jwt() -> str:
    parts = ({"alg": "HS256", "typ": "JWT"}, {"sub": "1234567890", "name": "Jo", "iat": 1716239022})
    return ".".join([*(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts), some(43)])


BODY = "\n".join(some(64, BASE64) for _ in range(12))


def pem(kind: str) -> str:
    return f"-----BEGIN {kind}-----\n{BODY}\n-----END {kind}-----\n"


SECRETS = {
    "AWS access key": "AKIA" + some(16, UPPER),
    "AWS access key of a session": "ASIA" + some(16, UPPER),
    "AWS secret key": f"AWS_SECRET_ACCESS_KEY={some(40, BASE64)}",
    "AWS secret key in JSON": json.dumps({"SecretAccessKey": some(40, BASE64)}),
    "AWS session token": f"AWS_SESSION_TOKEN=IQoJb3JpZ2luX2Vj{some(300)}",
    "GitHub": "ghp_" + some(36),
    "GitHub OAuth": "gho_" + some(36),
    "GitHub fine grained": f"github_pat_{some(22)}_{some(59)}",
    "GitLab": "glpat-" + some(20),
    "Slack": f"xoxb-{some(12, string.digits)}-{some(12, string.digits)}-{some(24)}",
    "Slack hook": f"https://hooks.slack.com/services/T{some(8, UPPER)}/B{some(8, UPPER)}/{some(24)}",
    "Stripe": "sk_live_" + some(24),
    "Stripe restricted": "rk_live_" + some(24),
    "Stripe test": "sk_test_" + some(24),
    "Stripe webhook": "whsec_" + some(32),
    "Twilio token": f"TWILIO_AUTH_TOKEN={some(32, HEX)}",
    "Azure signature": f"https://x.blob.core.windows.net/c?sv=2022-11-02&sr=c&sig={some(43)}%3D",
    "SSH2": f"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n{some(64)}",
    "JDBC": "jdbc:postgresql://db:5432/x?user=u&password=t1ger99x",
    "Twilio": "SK" + some(32, HEX),
    "SendGrid": f"SG.{some(22)}.{some(43)}",
    "npm": "npm_" + some(36),
    "PyPI": "pypi-AgEIcHlwaS5vcmc" + some(150),
    "Azure storage": f"AccountName=foo;AccountKey={some(86, BASE64)}==;EndpointSuffix=core.windows.net",
    "Google service account": json.dumps({"type": "service_account", "private_key": pem("PRIVATE KEY")}),
    "Google API": "AIza" + some(35),
    "RSA": pem("RSA PRIVATE KEY"),
    "PKCS8": pem("PRIVATE KEY"),
    "PKCS8 encrypted": pem("ENCRYPTED PRIVATE KEY"),
    "OpenSSH": pem("OPENSSH PRIVATE KEY"),
    "EC": pem("EC PRIVATE KEY"),
    "PuTTY 2": f"PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nPublic-Lines: 12\n{BODY}",
    "PuTTY 3": f"PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPublic-Lines: 12\n{BODY}",
    "JWT": _jwt(),
    "Postgres": "postgres://scott:t1ger@db.internal:5432/orders",
    "Postgres, short": "postgres://user:pw@host/db",
    "MongoDB": f"mongodb+srv://bob:{some(12)}@cluster0.abcde.mongodb.net/x",
    "Redis without a user": f"redis://:{some(12)}@cache:6379/0",
    "HTTP": "https://bob:s3cr3tpw99@example.org/packages",
    "npmrc _auth": f"_auth={_basic()}",
    "npmrc _authToken": f"//registry.npmjs.org/:_authToken={some(36)}",
    "npmrc _password": f"//host/:_password={_basic()}",
    "Docker": json.dumps({"auths": {"https://docker.example.org/v1/": {"auth": _basic()}}}, indent=1),
    "netrc": f"machine api.example.org login bob password {some(12)}",
    "OpenAI": f"sk-proj-{some(74)}T3BlbkFJ{some(74)}",
    "Hugging Face": "hf_" + some(34, LETTERS),
    "Databricks": "dapi" + some(32, HEX),
    "Vault": "hvs." + some(95),
    "DigitalOcean": "dop_v1_" + some(64, HEX),
    "Telegram": f"{some(10, '123456789')}:AA{some(33)}",
}
HARMLESS = {
    "SHA-256": some(64, HEX),
    "commit": f"commit = '{some(40, HEX)}'",
    "UUID": "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    "ARN of a secret": "arn:aws:secretsmanager:us-east-1:111111111111:secret:prod/db-AbCdEf",
    "ARN of a key": "arn:aws:kms:us-east-1:111111111111:key/3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    "ARN of a layer": "arn:aws:lambda:us-east-1:336392948345:layer:AWSSDKPandas-Python312:13",
    "package-lock.json": f'"integrity": "sha512-{some(86, BASE64)}=="',
    "requirements.lock": f"boto3==1.44.5 \\\n    --hash=sha256:{some(64, HEX)}",
    "image": f"111111111111.dkr.ecr.us-east-1.amazonaws.com/x@sha256:{some(64, HEX)}",
    "ETag": f'ETAG="{some(32, HEX)}"',
    "notebook": json.dumps({"cells": [{"outputs": [{"data": {"image/png": some(4000, BASE64)}}], "source": ["df.head()"]}]}),
    "CSV": "id,county,hash\n" + "".join(f"{number},Lea,{some(40, BASE64)}\n" for number in range(200)),
    "name of a secret": 'SECRET_NAME = "prod/orders/db"',
    "variable read": 'password = os.environ["DB_PASSWORD"]',
    "parameter": "def connect(user, password=None, token: str = ''): ...",
    "example of AWS": "AKIAIOSFODNN7EXAMPLE",
    "npmrc with a variable": "//registry.npmjs.org/:_authToken=${NPM_TOKEN}",
    "address with variables": "postgres://${USER}:${PASSWORD}@db/x",
    "address in an f-string": 'f"postgresql://{user}:{password}@{host}/db"',
    "address in documentation": "postgres://user:password@localhost/db",
    "address with a port": "https://example.org:8080/a@b",
    "minified script": "!function(e,t){var n=e.token,r=e.password;this._authToken=n;t.auth(n,r)}(window,{auth:function(){}});"
    * 50,
    "public key": pem("PUBLIC KEY"),
    "certificate": pem("CERTIFICATE"),
    "ssh public key": f"ssh-rsa AAAAB3NzaC1yc2E{some(360, BASE64)} bob@mill",
    "S3": "s3://acres-dev-landing-111111111111/orders/2024/part-00000-3f2504e0-c000.snappy.parquet",
}
