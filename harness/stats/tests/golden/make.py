"""Golden values for the tests of `stats`, from implementations that share no code with it.

    python3 -m venv venv && venv/bin/pip install scipy==1.17.1 numpy==2.4.6 statsmodels==0.15.0
    venv/bin/python harness/stats/tests/golden/make.py

Writes *.json beside itself; make.R writes the r_*.json. Inputs are drawn once here with a fixed seed and stored
with the answers, so that the Rust tests never depend on numpy's generator.
"""

import itertools
import json
import pathlib

import numpy as np
import scipy
import statsmodels
import statsmodels.api as sm
from scipy import integrate, optimize, stats
from statsmodels.stats.multitest import multipletests

HERE = pathlib.Path(__file__).parent
rng = np.random.default_rng(20261121)
VERSIONS = f"scipy {scipy.__version__}, numpy {np.__version__}, statsmodels {statsmodels.__version__}"


def write(name, cases):
    text = json.dumps({"made_by": f"tests/golden/make.py with {VERSIONS}", "cases": cases}, indent=1)
    (HERE / f"{name}.json").write_text(text + "\n")


def floats(values):
    return [float(value) for value in values]


def samples(sizes):
    """Samples without ties, with ties and with zeros, of each size."""
    for n in sizes:
        yield f"normal, n={n}", rng.normal(0.02, 0.03, n)
        yield f"ties, n={n}", np.round(rng.normal(0.4, 1.0, n) * 2) / 2 + 0.25
        yield f"ties and zeros, n={n}", np.round(rng.normal(0.6, 1.5, n))
        yield f"outlier, n={n}", np.append(rng.normal(-0.01, 0.02, n - 1), 5.0)


def walsh(values):
    return np.array([(a + b) / 2 for a, b in itertools.combinations_with_replacement(values, 2)])


def signed_rank_interval(values, level):
    """By brute force over all sign patterns of the ranks 1..n: no table, no recursion."""
    n = len(values)
    ranks = np.arange(1, n + 1)
    patterns = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    sums = patterns @ ranks
    averages = np.sort(walsh(values))
    k = 0
    while np.mean(sums <= k) <= (1 - level) / 2 + 1e-12:
        k += 1
    if k == 0:
        return None
    return {
        "point": float(np.median(averages)),
        "low": float(averages[k - 1]),
        "high": float(averages[len(averages) - k]),
        "attained": float(1 - 2 * np.mean(sums < k)),
    }


def pratt_p(values, alternative):
    """Signed-rank with Pratt's zeros, by enumerating the signs of the non-zero values."""
    ranks = stats.rankdata(np.abs(values))
    keep = values != 0
    signs = values[keep] > 0
    ranks = ranks[keep]
    patterns = (np.arange(2 ** len(ranks))[:, None] >> np.arange(len(ranks))) & 1
    null = patterns @ ranks
    observed = ranks[signs].sum()
    upper = np.mean(null >= observed - 1e-9)
    lower = np.mean(null <= observed + 1e-9)
    p = {"two-sided": 2 * min(lower, upper), "greater": upper, "less": lower}[alternative]
    return float(observed), float(min(p, 1.0))


def paired():
    cases = []
    for name, values in samples([2, 3, 5, 6, 7, 10, 13]):
        case = {"name": name, "values": floats(values)}
        case["signed_rank"] = {}
        for alternative in ["two-sided", "greater", "less"]:
            w, p = pratt_p(values, alternative)
            case["signed_rank"][alternative] = p
            case["w"] = w
            if len(np.unique(np.abs(values))) == len(values) and 0 not in values:
                check = stats.wilcoxon(values, alternative=alternative, method="exact").pvalue
                assert abs(check - p) < 1e-12, (name, check, p)
        t = stats.ttest_1samp(values, 0.0)
        if len(set(values)) > 1:
            interval = t.confidence_interval(0.95)
            case["t"] = {
                "p": float(t.pvalue),
                "greater": float(stats.ttest_1samp(values, 0.0, alternative="greater").pvalue),
                "low": float(interval.low),
                "high": float(interval.high),
            }
        case["intervals"] = {str(level): signed_rank_interval(values, level) for level in [0.9, 0.95, 0.99]}
        cases.append(case)
    write("paired", cases)
    large = []
    for n, decimals in [(250, 6), (400, 1)]:
        values = np.round(rng.normal(0.1, 1.0, n), decimals)
        result = stats.wilcoxon(values, zero_method="pratt", correction=True, method="asymptotic")
        large.append({"name": f"n={n}", "values": floats(values), "p": float(result.pvalue)})
    write("paired_large", large)


def mann_whitney_p(x, y, alternative):
    """By enumerating every way to choose the first sample's ranks."""
    ranks = stats.rankdata(np.concatenate([x, y]))
    observed = ranks[: len(x)].sum()
    null = np.array([sum(c) for c in itertools.combinations(ranks, len(x))])
    upper = np.mean(null >= observed - 1e-9)
    lower = np.mean(null <= observed + 1e-9)
    return min(1.0, float({"two-sided": 2 * min(lower, upper), "greater": upper, "less": lower}[alternative]))


def two_sample():
    cases = []
    for n1, n2 in [(1, 1), (3, 3), (4, 4), (5, 5), (5, 9), (8, 6), (7, 7)]:
        for name, draw in [
            ("normal", lambda n: rng.normal(0, 1, n)),
            ("ties", lambda n: np.round(rng.normal(0, 1.2, n))),
        ]:
            x, y = draw(n1) + 0.5, draw(n2)
            if name == "ties":
                x = np.round(x)
            case = {"name": f"{name} {n1}+{n2}", "first": floats(x), "second": floats(y)}
            case["u"] = float(stats.mannwhitneyu(x, y).statistic)
            case["p"] = {a: mann_whitney_p(x, y, a) for a in ["two-sided", "greater", "less"]}
            if name == "normal":
                check = stats.mannwhitneyu(x, y, method="exact").pvalue
                assert abs(check - case["p"]["two-sided"]) < 1e-12
                case["hodges_lehmann"] = float(np.median(np.subtract.outer(x, y)))
            cases.append(case)
    x, y = np.arange(1.0, 6), np.arange(6.0, 11)
    cases.append(
        {
            "name": "the case that statrs gets wrong",
            "first": floats(x),
            "second": floats(y),
            "u": 0.0,
            "p": {a: float(stats.mannwhitneyu(x, y, alternative=a, method="exact").pvalue) for a in ["two-sided", "greater", "less"]},
        }
    )
    x, y = np.round(rng.normal(0.3, 1, 45), 1), np.round(rng.normal(0, 1, 50), 1)
    cases.append(
        {
            "name": "large with ties",
            "first": floats(x),
            "second": floats(y),
            "u": float(stats.mannwhitneyu(x, y).statistic),
            "p": {a: float(stats.mannwhitneyu(x, y, alternative=a, method="asymptotic").pvalue) for a in ["two-sided", "greater", "less"]},
        }
    )
    write("two_sample", cases)


def correction():
    cases = []
    for n in [1, 2, 7, 24]:
        p = np.round(rng.uniform(0, 1, n) ** 3, 4)
        cases.append(
            {
                "p": floats(p),
                "holm": floats(multipletests(p, method="holm")[1]),
                "bh": floats(multipletests(p, method="fdr_bh")[1]),
            }
        )
    write("correction", cases)


def noncentral_upper(c, df, delta):
    """P(T > c) = E[Phi(delta - c S)], adaptively integrated: scipy's nct, and with it statsmodels' power, gives nan
    or a wrong figure for some noncentralities (5 blocks, alpha 0.01, power 0.95: 3.286 for 3.363)."""

    def f(s):
        return stats.norm.cdf(delta - c * s) * 2 * s * df * stats.chi2.pdf(df * s * s, df)

    knee = min(max(abs(delta / c), 1e-6), 50)
    near = [max(knee - 8 / c, 1e-9), knee + 8 / c]
    return integrate.quad(f, 0, 60, points=[*near, knee, 1.0], limit=2000, epsabs=1e-14)[0]


def two_sided_power(n, effect, alpha):
    c, delta = stats.t.isf(alpha / 2, n - 1), effect * np.sqrt(n)
    return noncentral_upper(c, n - 1, delta) + noncentral_upper(c, n - 1, -delta)


def power():
    cases = []
    for n in [2, 3, 5, 6, 8, 10, 15, 40]:
        for effect in [0.0, 0.3, 1.0606601717798212, 2.5, 45.0]:
            for alpha in [0.05, 0.002]:
                one = noncentral_upper(stats.t.isf(alpha, n - 1), n - 1, effect * np.sqrt(n))
                two = two_sided_power(n, effect, alpha)
                cases.append({"n": n, "effect": effect, "alpha": alpha, "two_sided": two, "one_sided": one})
    write("power", cases)
    detectable = [
        {
            "n": n,
            "alpha": alpha,
            "power": p,
            "effect": optimize.brentq(lambda e: two_sided_power(n, e, alpha) - p, 0.01, 30, xtol=1e-10),
        }
        for n in [5, 6, 10, 30]
        for alpha in [0.05, 0.01]
        for p in [0.8, 0.95]
    ]
    write("minimum_detectable", detectable)


def dummies(blocks, cells, n_blocks, n_cells):
    """Design matrix with treatment coding: all cells, all blocks but the first."""
    columns = [[float(c == j) for c in cells] for j in range(n_cells)]
    columns += [[float(b == i) for b in blocks] for i in range(1, n_blocks)]
    return np.array(columns).T


def additive():
    cases = []
    layouts = {
        "complete": [(b, c) for b in range(6) for c in range(5)],
        "duplicated control": [(b, c) for b in range(6) for c in range(4)] + [(b, 0) for b in range(6)],
        "raced": [(b, c) for b in range(8) for c in range(6) if b < 3 or c in (0, 2, 5)],
        "gaps": [(b, c) for b in range(5) for c in range(4) if (b, c) not in {(0, 1), (2, 3), (4, 0)}],
    }
    for name, pairs in layouts.items():
        blocks, cells = zip(*pairs)
        n_blocks, n_cells = max(blocks) + 1, max(cells) + 1
        level = rng.normal(0, 0.05, n_cells)
        drift = rng.normal(0, 0.03, n_blocks)
        y = np.array([3 + level[c] + drift[b] + rng.normal(0, 0.02) for b, c in pairs])
        fit = sm.OLS(y, dummies(blocks, cells, n_blocks, n_cells)).fit()
        contrasts = []
        for first, second in [(1, 0), (n_cells - 1, 1), (2, 3)]:
            l = np.zeros(len(fit.params))
            l[first], l[second] = 1, -1
            t = fit.t_test(l)
            low, high = t.conf_int(0.05)[0]
            contrasts.append(
                {
                    "cell": first,
                    "against": second,
                    "point": float(t.effect[0]),
                    "se": float(np.asarray(t.sd).item()),
                    "p": float(np.asarray(t.pvalue).item()),
                    "low": float(low),
                    "high": float(high),
                }
            )
        cases.append(
            {
                "name": name,
                "block": list(blocks),
                "cell": list(cells),
                "value": floats(y),
                "residual": float(np.sqrt(fit.mse_resid)),
                "df": int(fit.df_resid),
                "contrasts": contrasts,
            }
        )
    write("additive", cases)


if __name__ == "__main__":
    paired()
    two_sample()
    correction()
    power()
    additive()
