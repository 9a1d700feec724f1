import json
import math

import numpy as np
import pytest

from corpus.language import strings
from recommender.fitting import Fit, fit
from tests.recommender.fitting.tables import decay, table


@pytest.fixture(scope="module")
def fits():
    formula, samples = decay()
    wave = table("a*sin(w*x + p)", {"x": np.linspace(0, 10, 101)}, {"a": 2.0, "w": 7.0, "p": 0.4}, 0.02)
    return [fit(formula, samples), fit(formula, samples, bounds={"c": (0.5, math.inf)}), fit(*wave)]


def test_json_gives_the_same_fit_back(fits):
    for found in fits:
        again = Fit.from_dict(json.loads(json.dumps(found.to_dict(), allow_nan=False)))
        assert again == found
        assert hash(again) == hash(found)
        assert again.status_text("ja") == found.status_text("ja")
        assert np.array_equal(again.covariance, found.covariance, equal_nan=True)


def test_prediction_is_the_formula_at_the_parameters(fits):
    x = {"x": np.array([0.0, 1.0])}
    values = fits[0].parameters
    assert fits[0].predict(x) == pytest.approx([values["a"] + values["c"], values["a"] * math.exp(-values["b"]) + values["c"]])


def test_correlations_are_between_minus_one_and_one(fits):
    matrix = fits[0].correlation
    assert np.allclose(np.diag(matrix), 1)
    assert np.all(np.abs(matrix) <= 1 + 1e-12)


def test_every_sentence_exists_in_both_languages():
    english, japanese = ({key for key in strings(language) if key.startswith(("fit.", "error.fit_"))} for language in ("en", "ja"))
    assert english == japanese
    assert len(english) > 20
