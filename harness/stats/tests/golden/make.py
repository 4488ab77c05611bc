"""Golden values for the tests of `stats`, from implementations that share no code with it.

    python3 -m venv venv && venv/bin/pip install scipy==1.17.1 numpy==2.4.6 statsmodels==0.15.0 apache-otava==0.8.0
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


def permutation():
    # Every one of the (3!)^4 within-block orders of a 4 x 3 table.
    table = np.round(rng.normal(0, 1, (4, 3)) + [0.0, 0.6, 1.8], 2)

    def t_values(table, reference):
        means, (b, k) = table.mean(axis=0), table.shape
        residual = table - means - table.mean(axis=1, keepdims=True) + table.mean()
        s = np.sqrt((residual**2).sum() / ((b - 1) * (k - 1)))
        return (means - reference(means)) / (s * np.sqrt(2 / b))

    against_control = np.zeros(3)
    observed_control = np.abs(t_values(table, lambda m: m[0]))
    orders = list(itertools.permutations(range(3)))
    for choice in itertools.product(orders, repeat=4):
        drawn = np.array([row[list(order)] for row, order in zip(table, choice)])
        against_control += np.abs(t_values(drawn, lambda m: m[0])).max() >= observed_control - 1e-9
    total = len(orders) ** 4
    write("max_t", [{
        "rows": table.tolist(),
        "against_control": floats(against_control / total),
    }])


def decisions():
    """Own generator: what is added here moves no other file."""
    own = np.random.default_rng(14)

    def bound_room(values, margin_worst, lower_is_worse):
        return values - margin_worst if lower_is_worse else margin_worst - values

    cases = []
    for name, n, shift, noise, margin, lower_is_worse in [
        ("qps holds", 6, 0.0, 0.01, 0.03, True),
        ("qps falls", 10, -0.12, 0.03, 0.03, True),
        ("p99 open", 6, 0.05, 0.4, 0.10, False),
        ("p99 doubles", 12, 0.69, 0.2, 0.10, False),
    ]:
        values = own.normal(shift, noise, n)
        worst = np.log1p(-margin) if lower_is_worse else np.log1p(margin)
        interval = signed_rank_interval(values, 0.90)
        rooms = bound_room(values, worst, lower_is_worse)
        cases.append({
            "name": name,
            "values": floats(values),
            "margin": margin,
            "lower_is_worse": lower_is_worse,
            "worst": float(interval["low"] if lower_is_worse else interval["high"]),
            "p_loss": float(stats.ttest_1samp(rooms, 0, alternative="less").pvalue),
        })
    adjusted = multipletests([case["p_loss"] for case in cases], method="holm")[1]
    for case, p in zip(cases, adjusted):
        case["p_loss_holm"] = float(p)
    write("noninferiority", cases)

    rooms = [own.normal(shift, 0.3, n) for shift, n in [(0.3, 10), (0.1, 10), (-0.2, 9), (0.0, 4), (0.5, 10)]]
    breaks = multipletests([stats.ttest_1samp(room, 0, alternative="greater").pvalue for room in rooms], method="holm")[1]
    keeps = multipletests([stats.ttest_1samp(room, 0, alternative="less").pvalue for room in rooms], method="holm")[1]
    write("limits", [{
        "rooms": [floats(room) for room in rooms],
        "p_breaks": floats(breaks),
        "p_keeps": floats(keeps),
        "least_room": [
            float(np.mean(room) + stats.t.ppf(0.1 / len(rooms), len(room) - 1) * stats.sem(room)) for room in rooms
        ],
    }])

    write("fisher", [
        {"first": [a, n], "second": [b, m],
         "p": float(stats.fisher_exact([[a, n - a], [b, m - b]], alternative="greater").pvalue)}
        for a, n, b, m in [(1, 10, 0, 10), (4, 10, 0, 10), (5, 10, 0, 10), (3, 12, 1, 60), (0, 5, 2, 5), (7, 7, 0, 9), (40, 200, 20, 200)]
    ])

    # The smallest claimed effect by plain simulation: the effect is added, and every condition is tested again.
    cases = []
    for name, blocks, comparisons, rest, deviation, required in [
        ("6 blocks, many cells", 6, 12, 55, 0.025, 0.03),
        ("10 blocks, many cells", 10, 12, 108, 0.025, 0.03),
        ("15 blocks, floor decides", 15, 1, 0, 0.025, 0.06),
        ("5 blocks, own residual", 5, 4, 0, 0.05, 0.01),
    ]:
        draws = 100_000
        noise = own.normal(0, deviation, (draws, blocks))
        residual = noise.var(axis=1, ddof=1) * (blocks - 1) + deviation**2 * own.chisquare(rest, draws) if rest else noise.var(axis=1, ddof=1) * (blocks - 1)
        df = rest + blocks - 1
        error = np.sqrt(residual / df / blocks)
        critical = stats.t.ppf(1 - 0.05 / comparisons / 2, df)
        first, second = np.triu_indices(blocks)
        averages = np.sort((noise[:, first] + noise[:, second]) / 2, axis=1)
        if blocks >= 6:
            ranks = np.arange(1, blocks + 1)
            sums = ((np.arange(2**blocks)[:, None] >> np.arange(blocks)) & 1) @ ranks
            k = 0
            while np.mean(sums <= k) <= 0.025 + 1e-12:
                k += 1
            low, point = averages[:, k - 1], np.median(averages, axis=1)
        else:
            point = noise.mean(axis=1)
            low = point - stats.t.ppf(0.975, blocks - 1) * noise.std(axis=1, ddof=1) / np.sqrt(blocks)

        def claimed(effect):
            return np.mean(
                (low + effect > 0) & ((noise.mean(axis=1) + effect) / error > critical) & (point + effect >= required)
            )

        cases.append({
            "name": name, "blocks": blocks, "comparisons": comparisons, "residual_df": df,
            "deviation": deviation, "required": required,
            "effects": [{"effect": float(e), "chance": float(claimed(e))} for e in [0.02, 0.04, 0.05, 0.07, 0.1]],
            "smallest": optimize.brentq(lambda e: claimed(e) - 0.8, 0.001, 1.0, xtol=1e-6),
        })
    write("claims", cases)

    history, first, second = own.normal(0, 0.03, 8), own.normal(0.1, 0.02, 10), own.normal(0, 0.02, 12)
    reach = stats.t.ppf(0.975, 7) * history.std(ddof=1) * np.sqrt(2)
    point = first.mean() - second.mean()
    write("days", [{
        "history": floats(history), "first": floats(first), "second": floats(second),
        "point": float(point), "low": float(point - reach), "high": float(point + reach),
    }])


def usl_log(parameters, p):
    log_single, contention, coherency = parameters
    return log_single + np.log(p) - np.log1p(contention * (p - 1) + coherency * p * (p - 1))


def scaling():
    cases = []
    for name, (single, contention, coherency), noise, ps in [
        ("clear peak", (1000, 0.05, 0.01), 0.02, [1, 2, 4, 8, 12, 16, 24, 32]),
        ("contention only", (500, 0.12, 0.0), 0.01, [1, 2, 3, 4, 6, 8]),
        ("nearly linear", (200, 0.0, 0.0), 0.01, [1, 2, 4, 8]),
    ]:
        p = np.repeat(ps, 3).astype(float)
        y = usl_log((np.log(single), contention, coherency), p) + rng.normal(0, noise, len(p))

        def squares(free, build):
            return optimize.least_squares(
                lambda f: y - usl_log(build(f), p), free[0], bounds=(free[1], free[2]),
                xtol=1e-15, ftol=1e-15, gtol=1e-15, x_scale=np.maximum(np.abs(free[0]), 1e-2),
            )

        full = squares(([np.log(single), 0.05, 0.005], [-np.inf, 0, 0], [np.inf, np.inf, np.inf]), lambda f: f)
        best, s_min, df = full.x, 2 * full.cost, len(p) - 3
        ceiling = s_min * (1 + stats.t.ppf(0.975, df) ** 2 / df)

        def profile(build, start, low, high, value, floor, step):
            def excess(at):
                return 2 * squares((start, low, high), lambda f: build(at, f)).cost - ceiling

            edges = []
            for direction in (-1, 1):
                outside = value
                while excess(outside) < 0:
                    if direction < 0 and outside <= floor:
                        break
                    outside = max(outside + direction * step, floor)
                edges.append(floor if excess(outside) < 0 else optimize.brentq(excess, min(value, outside), max(value, outside), xtol=1e-12))
            return edges

        inf = np.inf
        intervals = {
            "contention": profile(lambda v, f: (f[0], v, f[1]), [best[0], max(best[2], 1e-4)], [-inf, 0], [inf, inf], best[1], 0.0, 0.01),
            "coherency": profile(lambda v, f: (f[0], f[1], v), [best[0], max(best[1], 1e-3)], [-inf, 0], [inf, inf], best[2], 0.0, 0.002),
            "log_single": profile(lambda v, f: (v, f[0], f[1]), [max(best[1], 1e-3), max(best[2], 1e-4)], [0, 0], [inf, inf], best[0], -inf, 0.01),
            "curvature": profile(lambda v, f: (f[0], f[1], v * (1 - f[1])), [best[0], max(best[1], 1e-3)], [-inf, 0], [inf, 1], best[2] / (1 - best[1]), 0.0, 0.002),
        }
        cases.append({
            "name": name, "p": floats(p), "x": floats(np.exp(y)), "best": floats(best),
            "residual": float(np.sqrt(s_min / df)),
            **{key: floats(value) for key, value in intervals.items()},
        })
    write("scaling", cases)


def steady():
    cases = []
    for n, decimals in [(6, 6), (9, 6), (30, 6), (50, 6), (80, 6), (40, 1)]:
        values = np.round(10 + 0.02 * np.arange(n) + rng.normal(0, 0.4, n), decimals)
        concordant = [np.sign(b - a) for a, b in itertools.combinations(values, 2)]
        s = float(sum(concordant))
        if n <= 50 and decimals == 6:
            p = float(stats.kendalltau(np.arange(n), values, method="exact").pvalue)
        else:
            _, counts = np.unique(values, return_counts=True)
            variance = (n * (n - 1) * (2 * n + 5) - (counts * (counts - 1) * (2 * counts + 5)).sum()) / 18
            p = float(min(1.0, 2 * stats.norm.sf((abs(s) - 1) / np.sqrt(variance))))
        cases.append({
            "name": f"n={n}", "values": floats(values), "s": s, "p": p,
            "slope": float(stats.theilslopes(values, np.arange(n)).slope),
        })
    write("steady", cases)


def welch():
    cases = []
    for n1, n2 in [(2, 2), (3, 9), (12, 7)]:
        x, y = rng.normal(0.5, 2, n1), rng.normal(0, 0.5, n2)
        result = stats.ttest_ind(x, y, equal_var=False)
        low, high = result.confidence_interval(0.95)
        cases.append({
            "first": floats(x), "second": floats(y), "t": float(result.statistic), "p": float(result.pvalue),
            "greater": float(stats.ttest_ind(x, y, equal_var=False, alternative="greater").pvalue),
            "low": float(low), "high": float(high),
        })
    write("welch", cases)


def change_points():
    """Against Apache Otava itself, on changes that nobody disputes and on noise."""
    from otava.analysis import TTestSignificanceTester, merge
    from otava.change_point_divisive.calculator import PairDistanceCalculator
    from otava.change_point_divisive.detector import ChangePointDetector

    shapes = {
        "no change": [(60, 0.0)],
        "one step": [(30, 0.0), (30, 0.06)],
        "bump": [(25, 0.0), (12, 0.08), (25, 0.0)],
        "three levels": [(20, 0.0), (18, -0.05), (22, 0.05)],
        "late step": [(50, 0.0), (6, 0.1)],
    }
    cases = []
    for name, stretches in shapes.items():
        level = np.concatenate([np.full(n, at) for n, at in stretches])
        series = 1.0 + level + rng.normal(0, 0.01, len(level))
        # compute_change_points itself fails on a window as long as the series, so its two steps by hand.
        tester = TTestSignificanceTester(0.01)
        detector = ChangePointDetector(significance_tester=tester, calculator=PairDistanceCalculator)
        weak = sorted(detector.get_change_points(series), key=lambda c: c.index)
        intervals = tester.get_intervals(weak)
        weak = [tester.change_point(c.to_candidate(), series, intervals) for c in weak]
        found = merge(weak, series, 0.001, 0.0)
        cases.append({"name": name, "series": floats(series), "indices": [int(c.index) for c in found]})
        print(name, cases[-1]["indices"])
    write("change_points", cases)


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
    permutation()
    decisions()
    scaling()
    steady()
    welch()
    change_points()
