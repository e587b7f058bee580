"""tox's environments: one for each release of adapters/releases.yaml, so that none is written down twice.

tox imports this file from the folder of tox.ini. It runs in tox's own environment, where the suite is installed too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tox.config.loader.memory import MemoryLoader
from tox.config.types import EnvList
from tox.plugin import impl

from conformance.releases.catalogue import NEWEST, Release, releases

if TYPE_CHECKING:
    from tox.config.sets import ConfigSet
    from tox.session.state import State


@impl
def tox_extend_envs() -> tuple[str, ...]:
    """The names of all environments."""
    return tuple(release.name for release in releases())


@impl
def tox_add_core_config(core_conf: ConfigSet, state: State) -> None:
    """What each of them holds; what all of them do is in tox.ini. Without a name tox runs the newest of each."""
    for release in releases():
        state.conf.memory_seed_loaders[release.name].append(MemoryLoader(**settings(release)))
    newest = [release.name for release in releases() if NEWEST in release.labels]
    core_conf.loaders.append(MemoryLoader(env_list=EnvList([*newest, "history", "report"])))


def settings(release: Release) -> dict[str, object]:
    """An environment with the framework and NumPy only."""
    return {
        "description": f"{release.framework} {release.version} of {release.date or 'an unknown day'}",
        "labels": list(release.labels),
        "base_python": [f"python{release.python}"],
        "deps": "\n".join(release.requirements),
        "set_env": {
            "FRAMEWORK": release.framework,
            "ROUTES": " ".join(f"--route {route}" for route in release.routes),
        },
    }
