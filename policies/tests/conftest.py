import os
import sys
from pathlib import Path

# Before torch loads its BLAS: two cores are shared with other work.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
import torch

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]
torch.set_num_threads(1)

import market  # noqa: E402  (needs the paths above)


@pytest.fixture(scope="session")
def data(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    market.write(folder, keys=120)
    return folder


@pytest.fixture(scope="session")
def logged():
    return market.days(120, 5)


@pytest.fixture(scope="session")
def spec():
    from autobid_policies.common.data import FeatureSpec
    return FeatureSpec.parse(market.manifest()["features"])


@pytest.fixture(scope="session")
def twin(spec):
    from autobid_policies.common.features import Twin
    return Twin(spec)


@pytest.fixture(scope="session")
def planned(tmp_path_factory) -> Path:
    """An export that holds what MPC sees, with its prior."""
    folder = tmp_path_factory.mktemp("planned")
    market.write(folder, keys=100, planned=True)
    return folder
