"""Distances of counts by numpy and scipy. Run with the environment of `npm run bench:peers`:
bench/.venv/bin/python test/golden/drift.py > test/golden/drift.json"""

import json

import numpy as np
import scipy
from scipy import optimize, stats
from scipy.spatial.distance import jensenshannon

z = stats.norm.ppf(0.975)


def interval(value, freedom):
    """The noncentralities under which a value is within its 95 %, by scipy's own distribution."""

    def solve(tail):
        if stats.chi2.sf(value, freedom) >= tail:
            return 0.0
        return optimize.brentq(lambda noncentrality: stats.ncx2.sf(value, freedom, noncentrality) - tail, 1e-9, 50 * value + 100)

    return [solve(0.025), solve(0.975)]


def distances(reference, current, spread):
    n, m = sum(reference), sum(current)
    p = (np.array(reference) + 0.5) / (n + 0.5 * len(reference))
    q = (np.array(current) + 0.5) / (m + 0.5 * len(current))
    psi = float(np.sum((q - p) * np.log(q / p)))
    js = float(jensenshannon(p, q, base=2) ** 2)
    unit = spread * (1 / n + 1 / m)
    freedom = len(reference) - 1
    scale = 8 * np.log(2)
    return {
        "psi": psi,
        "jensenShannon": js,
        "psiInterval": [float(x * unit) for x in interval(psi / unit, freedom)],
        "jensenShannonInterval": [float(min(1, x * unit / scale)) for x in interval(js * scale / unit, freedom)],
    }


def shift(reference, current):
    """Wasserstein's distance of asinh(value / usual value) over the reference's standard deviation."""
    unit = np.median(np.abs(reference[reference != 0]))
    a, b = np.arcsinh(reference / unit), np.arcsinh(current / unit)
    return float(stats.wasserstein_distance(a, b) / a.std())


rng = np.random.default_rng(17)
counts = []
for groups in (2, 4, 10, 11):
    for rows in (200, 5000):
        for change in (0, 0.3, 2):
            p = rng.dirichlet(np.full(groups, 5))
            q = p * np.exp(change * rng.normal(size=groups))
            reference = rng.multinomial(4 * rows, p).tolist()
            current = rng.multinomial(rows, q / q.sum()).tolist()
            spread = float(rng.choice([1, 2.5]))
            counts.append({"reference": reference, "current": current, "spread": spread, **distances(reference, current, spread)})

# Whole numbers of at most 15 have a bin each, whose middle is not the number: half a bin's width is what may differ.
samples = []
for change in (0, 1, 4):
    reference = rng.poisson(8, 500).clip(0, 15)
    current = rng.poisson(8 + change, 300).clip(0, 15)
    samples.append({"reference": reference.tolist(), "current": current.tolist(), "shift": shift(reference, current)})
for factor in (1, 1.3, 3):
    reference = np.round(rng.lognormal(3, 1, 2000), 2)
    current = np.round(factor * rng.lognormal(3, 1, 700), 2)
    samples.append({"reference": reference.tolist(), "current": current.tolist(), "shift": shift(reference, current)})

print(json.dumps({"scipy": scipy.__version__, "counts": counts, "samples": samples}))
