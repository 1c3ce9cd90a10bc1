"""The address of a function's code, from which anybody may download it for ten minutes, as AWS gives it out.

ministack signs it with a placeholder, which the guard would refuse; here it is signed with this server's secret.
https://docs.aws.amazon.com/lambda/latest/api/API_FunctionCodeLocation.html
"""

import seams
import settings as launch_settings
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from ministack.core.responses import get_account_id, get_region
from ministack.services import lambda_svc

EXPIRES_SECONDS = 600


def install(settings: launch_settings.Settings) -> None:
    """Sign what ministack's function returns."""
    unsigned = seams.use(lambda_svc, "_presigned_code_url", "func_name")

    def signed(func_name: str) -> str:
        request = AWSRequest("GET", unsigned(func_name).partition("?")[0])
        account = Credentials(get_account_id(), settings.secret)
        S3SigV4QueryAuth(account, "s3", get_region(), EXPIRES_SECONDS).add_auth(request)
        return str(request.url)

    seams.replace(lambda_svc, "_presigned_code_url", "func_name", signed)
