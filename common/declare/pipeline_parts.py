"""What the methods of a pipeline have in common: its folder, its declarations so far, and what its code may import.

Each kind of resource adds its own method to a pipeline, beside what it declares: `functions.Functions`, `jobs.Jobs` and so on.
"""

from collections.abc import Iterable
from pathlib import Path

from common.declare import existing
from common.declare.allowed_actions import Permission
from common.declare.declaration import Entry
from common.declare.declarations import Declarations
from common.declare.existing import ExistingReferences
from common.declare.named_access import Access, Granted, NamedThing
from common.declare.project_folder import ProjectFolder
from common.declare.shared_references import Shared
from common.declare.type_access import access_of
from common.environment.config import Environment
from common.environment.parameter_values import Parameters
from common.model.reference import Names, Ref
from common.packaging.imports import Libraries
from common.resources import every_kind, kind_of


class PipelineParts:
    """The parts of a pipeline.

    Args:
        name: the name of the project's folder. Of an instance, `Pipeline.name` is then the name under which it is deployed.
        env: the environment.
        folder: the folder with `lambda/` and `glue/`.
    """

    def __init__(self, name: str, env: Environment, folder: Path) -> None:
        self.name, self.env, self.folder, self._inside = env.deployed_name(name), env, folder, ProjectFolder(name, folder)
        self.entry: Entry | None = None
        self.parameters = Parameters.of(env.project(self.name).parameters)  # those that a declaration reads count as used
        self._declarations = Declarations(self.name, env, names := Names(self.parameters, every_kind(), env.account))
        self._physical = self._declarations.physical
        self._libraries = {"shared": folder / "shared"}
        self._importable = Libraries(self._libraries, folder.parents[1])
        self.shared = Shared(env, names.add, self.name)
        self.existing = ExistingReferences(env, self.name, names)

    def _access(
        self,
        permissions: Iterable[Permission | NamedThing],
        managed_policies: Iterable[str],
        reads: Iterable[Granted] = (),
        writes: Iterable[Granted] = (),
    ) -> Access:
        """What a declaration grants to the role of its resource."""
        return Access.of(self._resolved, reads, writes, permissions, managed_policies)

    def _resolved(self, named_thing: NamedThing) -> Ref:
        """What a grant names: what configuration calls so, or else what is called so in AWS.

        Raises:
            TypeError: it refers to something of another kind, or a key is given beside a reference.
        """
        kind, name = kind_of(named_thing.kind), named_thing.name
        if isinstance(name, Ref):
            if access_of(name).kind != named_thing.kind:
                raise TypeError(f"{named_thing.kind} names a {named_thing.kind}, and {name.key} is none")
            if named_thing.kms_key is not None:
                raise TypeError(
                    f"kms_key is for a {named_thing.kind} by its name. Where {name.key} is declared or referred to, name its key"
                )
            return name
        if isinstance(name, str) and existing.configured(self.env, self.name, kind, name) is not None:
            return self.shared.of(named_thing.kind, name)
        return self.existing.of(named_thing.kind, name, named_thing.kms_key, verb=kind.word)
