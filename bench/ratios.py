"""The statistics of a benchmark: a row is the median of per-round ratios with a bootstrap interval. Pure functions."""
import random
import statistics

NANOSECONDS = {"ns": 1.0, "us": 1e3, "ms": 1e6}
RESAMPLES = 4000
SEED = 20260101  # fixed: the same ratios always give the same interval


def convert(value, unit, to):
    """A value in another unit. Times convert into each other, counts only into counts."""
    if unit == to:
        return value
    if unit not in NANOSECONDS or to not in NANOSECONDS:
        raise ValueError(f"{unit} does not convert to {to}")
    return value * NANOSECONDS[unit] / NANOSECONDS[to]


def ratio(ours, peer):
    """ours / peer. A bound of 0 can't be divided by: the ratio is then ours itself, and the goal 0."""
    return ours if peer == 0 else ours / peer


def bootstrap_interval(samples, confidence=0.95):
    """The percentile interval of the median over resamples with replacement."""
    if not samples:
        raise ValueError("there are no samples to resample")
    generator = random.Random(SEED)
    medians = sorted(statistics.median(generator.choices(samples, k=len(samples))) for _ in range(RESAMPLES))
    outside = (1 - confidence) / 2
    return medians[round(outside * (RESAMPLES - 1))], medians[round((1 - outside) * (RESAMPLES - 1))]


def row(name, ours, peer, unit, goal):
    """A row from values of the same rounds, in the same unit. A count must hold in every round, so it is the worst round's."""
    ratios = [ratio(our, their) for our, their in zip(ours, peer, strict=True)]
    if unit == "count":
        middle, interval = max(ratios), (min(ratios), max(ratios))
        our_value = max(ours)
    else:
        middle, interval = statistics.median(ratios), bootstrap_interval(ratios)
        our_value = statistics.median(ours)
    return {
        "name": name,
        "ours": our_value,
        "peer": statistics.median(peer),
        "unit": unit,
        "ratio": middle,
        "interval": list(interval),
        "goal": goal,
        "holds": None if goal is None else middle <= goal,
    }
