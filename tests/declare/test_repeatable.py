"""Which declarations give the same each time, as far as their text shows."""

from pathlib import Path

import pytest

from common.declare.repeatable import is_repeatable
from tests.support.repository import PROJECT, ROOT, SHARED

OWN = {"projects.acres.flow", "projects.acres.deploy", "deploy"}


WRITTEN = [*(ROOT / "projects").glob("*/*.py"), *(ROOT / "common/templates").rglob("deploy.py"), ROOT / "deploy.py"]


@pytest.mark.parametrize("path", sorted(WRITTEN), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_examples_and_what_new_writes_are_repeatable(path: Path) -> None:
    own = {f"projects.{file.parent.name}.{file.stem}" for file in WRITTEN}
    assert is_repeatable(path.read_bytes(), own)


REPEATABLE = (
    SHARED,
    PROJECT.format(
        name="acres", body='p.function("Validate", environment={"HOME": str(Path.home()), "B": os.path.join("a", "b")})'
    ),
    "import os\nRETENTION = int(os.environ.get('RETENTION', '7')) or os.getenv('X')\n",
    "import sys\nsys.path.append('libs')\nNEW = sys.version_info >= (3, 12)\n",
    "from datetime import UTC, timedelta\nDAY = timedelta(days=1)\n",
    "from . import flow\nfrom .flow import definition\nfrom projects.acres import flow\nfrom projects.acres.flow import tables\n",
    "import json, yaml\nfrom pathlib import Path\nTABLES = json.loads((Path(__file__).parent / 'tables.json').read_text())\n",
    "from pathlib import Path\nHERE = Path(__file__).resolve().parent\nNAME = '_'.join('ab')\n",
    "import os\nHERE = os.path.dirname(os.path.realpath(__file__))\n",
    "for path in sorted(Path('tables').glob('*.json')):\n    input = id = path.name\n",
    "for path in Path('tables').glob('in/**/*.json'):\n    id = path.name\n    NAMES = str(id)\n",
    "NAMES = [*Path('tables').rglob('*.json'), *Path('tables').glob('one.json')]",
    "HERE = Path(__file__).resolve().parent\nTHERE = os.path.realpath(os.path.dirname(__file__))\nimport os",
    "import os\nLEVEL = os.environ['LEVEL'] if 'LEVEL' in os.environ else '_'.join('ab')\n",
)


@pytest.mark.parametrize("source", REPEATABLE)
def test_what_reads_files_and_variables_is_repeatable(source: str) -> None:
    assert is_repeatable(source, OWN)


DIFFERING = (
    "import datetime\nTODAY = datetime.date.today()",
    "from datetime import date, timedelta",
    "from datetime import *",
    "import time",
    "import uuid",
    "from random import choice",
    "import subprocess",
    "import boto3",
    "import requests",
    "import urllib.request",
    "import acme_pipelines",
    "from acme.pipelines import standard",
    "from projects.acres import unknown",
    "import common.aws.session",
    "from common.engine import opening",
    "import importlib",
    "__import__('time').time()",
    "exec('import time')",
    "x = eval('1')",
    "import os\nos.urandom(4)",
    "import os as system\nsystem.getpid()",
    "import os\nsystem = os\nsystem.getpid()",
    "import os\ngetattr(os, 'getpid')()",
    "from os import getpid",
    "from os import *",
    "from os.path import getmtime",
    "from os.path import *",
    "import os.path\nos.path.exists('/etc/x')",
    "import os\nos.stat('x')",
    "import os\nos.popen('date')",
    "import sys\nNAME = sys.argv[1]",
    "from pathlib import Path\nNEW = Path('/etc/x').exists()",
    "from pathlib import Path\nNEW = Path('/etc/x').stat().st_mtime",
    "from pathlib import Path\nNEW = Path('/data/current').resolve().name",
    "import os\nNEW = os.path.realpath('/data/current')",
    "from os.path import realpath\nNEW = realpath('/data/current')",
    "import os\nLEVEL = os.environ['SHLVL']",
    "import os\nKEY = os.getenv('AWS_ACCESS_KEY_ID')",
    "NEW = [*Path('tables').glob('*/new.json')]",
    "NEW = [*Path('tables').glob(PATTERN)]",
    "from pathlib import Path\nsearch = Path('tables').glob\nNEW = [*search('*/new')]",
    "VERSION = Path('/opt/current').resolve().name",
    "VERSION = (Path(__file__).parent / 'current').resolve().name",
    "from os.path import realpath\nVERSION = realpath('current')",
    "import os\nVERSION = os.path.realpath('current')",
    "import os\nFOLDER = os.environ['PWD']",
    "import os\nFOLDER = os.path.expandvars('$PWD/x')",
    "import os\nALL = dict(os.environ)",
    "import os\nos.environ['AWS_PROFILE'] = 'other'",
    "import os\nos.environ.setdefault('AWS_PROFILE', 'other')",
    "from os import environ\nALL = {**environ}",
    "print('deploying')",
    "PATTERN = '\\d'",
    "NAMES = map(id, [object()])",
    "hash('a')",
    "id(object())",
    "input()",
    "this is no Python",
)


@pytest.mark.parametrize("source", DIFFERING)
def test_what_may_differ_each_time_is_not(source: str) -> None:
    assert not is_repeatable(source, OWN)
