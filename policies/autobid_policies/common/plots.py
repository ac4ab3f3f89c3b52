"""Curves of a set of runs as a PNG; without matplotlib there is none, and a word about it."""
from __future__ import annotations

from pathlib import Path
from typing import Callable


def draw_courses(courses: dict[str, list[dict]], path: Path, report: Callable[[str], None]) -> bool:
    """One line per run: validation % of S* over its steps, offline stage first. Returns whether a picture was drawn."""
    try:
        import matplotlib
        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError:
        report(f"no {path.name}: matplotlib is not installed")
        return False
    figure, axes = pyplot.subplots(figsize=(10, 6))
    for name, points in sorted(courses.items()):
        offline = max((point["step"] for point in points if point["stage"] == "offline"), default=0)
        steps = [point["step"] + (offline if point["stage"] == "fineTune" else 0) for point in points]
        axes.plot(steps, [point["validation"] for point in points], label=name, linewidth=1)
    axes.set_xlabel("steps")
    axes.set_ylabel("validation, % of S*")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7, ncol=2)
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
    return True
