"""Sample data, which `run` puts into the embedded AWS."""

from common import local
from tests.support.repository import Repository

MACHINE = 'm = p.state_machine("main", {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}})'


def test_every_sample_is_looked_at_before_anything_is_put_or_started(repository: Repository) -> None:
    repository.configure("local", embedded={}, account_id="000000000000", region="us-east-1")
    shared = (repository.root / "deploy.py").read_text()
    repository.write("deploy.py", shared.replace('("artifacts")', '("artifacts"); shared.bucket("landing", event_bridge=True)'))
    landing = 'landing = p.shared.bucket("landing")'
    for name, place in {"acres": "sample/acres", "soil": "soil"}.items():
        trigger = f'p.on_object("new_file", m, landing / "{name}", suffix=".csv")'
        sampled = f'p.run_by(m, starting={{}}, sample={{"tests/data/s.csv": landing / "{place}"}})'
        repository.project(name, landing, MACHINE, trigger, sampled)
        repository.write(f"projects/{name}/tests/data/s.csv", "a,b\n")
    try:
        assert repository.invoke("deploy", "--env", "local").code == 0
        watched = repository.invoke("run", "--env", "local")
        (repository.root / "projects/acres/tests/data/s.csv").unlink()
        gone = repository.invoke("run", "--env", "local")
    finally:
        local.stop(repository.root)
    for ended, message in ((watched, "where rule/new_file of soil starts an execution"), (gone, "No such file")):
        assert ended.code == 1
        assert message in ended.err
        assert "was copied to" not in ended.out
        assert "started" not in ended.out
