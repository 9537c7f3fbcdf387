"""Decides how long a cluster under test lives: as long as the tests that share it, and whole at the start of each.

It has never heard of what they do to it.
"""

from collections.abc import Iterator

import pytest

from tests.cluster.machines import Cluster
from tests.cluster.servers import Servers, own_servers


@pytest.fixture(scope="session")
def servers() -> Servers:
    """Servers that no one else uses."""
    return own_servers()


@pytest.fixture(scope="session")
def shared_cluster(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster for all tests, in whatever state the last one left it."""
    with Cluster(tmp_path_factory.mktemp("cluster"), servers) as made:
        yield made


@pytest.fixture
def cluster(shared_cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """The same, whole and in good health; when the test fails, what its processes said is printed."""
    shared_cluster.mend()
    failed_before = request.session.testsfailed
    yield shared_cluster
    if request.session.testsfailed > failed_before:
        shared_cluster.tell()
