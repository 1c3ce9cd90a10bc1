"""What AWS already runs in place of an artifact, such as imported code, is neither built nor uploaded while it is unchanged."""

import base64
from pathlib import Path

import pytest

from common.base import digest
from common.base.lean_dataclass import dataclass
from common.model.declared import Identity
from common.model.resource import Key, Live
from common.state.records import Records
from tests.support.deploying import ENV, Sequential, deploy, reads_of, things
from tests.support.fake_aws import FakeAws, Text, Thing, World

IN_AWS = digest.of_bytes(b"imported")


@dataclass(frozen=True, kw_only=True)
class Imported(Thing):
    """A thing that runs what AWS has, if its label says so."""

    def runs_in_place(self, live: Live | None) -> bool:
        return live is not None and live.state.get("Label") == "imported"


@pytest.mark.parametrize("is_unchanged", [True, False])
def test_what_runs_in_place_is_not_built(tmp_path: Path, *, is_unchanged: bool) -> None:
    world, label = World(), "imported" if is_unchanged else "replaced"
    existing = things({"a": {"Label": label}})[-1]
    deploy(world, things({"a": {"Label": label}}), tmp_path / "before")
    code = Text(key=Key("p", "artifact", "a"), text="x", in_aws=base64.b64encode(bytes.fromhex(IN_AWS)).decode())
    identity = Identity(key=existing.key, name="a", arn=existing.arn, tags=ENV.ownership("p"))
    user, aws = Imported(identity=identity, fields={"Label": label}, code=code), FakeAws(world)
    with Sequential() as pool:
        content = reads_of(aws, Records(aws, ENV), tmp_path / "built", pool).content(code, user).result()
    assert content == ((IN_AWS, True) if is_unchanged else (digest.of_bytes(b"x"), False))
    assert (tmp_path / "built").exists() is not is_unchanged
