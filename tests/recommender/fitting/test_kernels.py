import numpy as np
import pytest

from corpus.functions import FUNCTIONS
from recommender.fitting.kernels import KERNELS


@pytest.mark.parametrize("name", ["sin", "cos", "sinc"])
@pytest.mark.parametrize("size", [1e-12, 1e-3, 1.0, 10.0, 1e4, 1e8])
def test_fast_kernels_agree_with_the_library(name, size):
    u = np.random.default_rng(0).uniform(-size, size, 2000)
    u[0] = 0.0
    with np.errstate(all="ignore"):
        fast, slow = KERNELS[name].value(u), FUNCTIONS[name].value(u)
        assert np.allclose(fast, slow, rtol=0, atol=1e-15)
        assert np.allclose(KERNELS[name].derivative(u, fast), FUNCTIONS[name].derivative(u, slow), rtol=1e-9, atol=1e-11)


def test_an_infinite_angle_is_not_a_number():
    with np.errstate(all="ignore"):
        assert np.isnan(KERNELS["sin"].value(np.array([np.inf]))).all()
