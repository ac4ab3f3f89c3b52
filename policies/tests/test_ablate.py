import json
import sys

import pytest
import torch

from autobid_policies import ablate, train
from autobid_policies.common.config import Config, merge
from autobid_policies.common.trainer import Trainer
from autobid_policies.common.plots import draw_courses
from test_train import TINY

ROW = merge(TINY, {"objective": "dt", "offline": {"steps": 3}, "fineTune": {"steps": 2}})


def written(path, raw):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(raw), "utf-8")
    return path


def test_rows_are_checked_before_any_is_trained(tmp_path):
    good, bad = written(tmp_path / "a.json", ROW), written(tmp_path / "b.json", merge(ROW, {"offline": {"stepz": 1}}))
    assert [row.name for row in ablate.rows_of([good], [])] == ["a"]
    for configs, grids, message in (([good, bad], [], "b: .*stepz"), ([good, good], [], "twice: a"), ([], [], "no rows"),
                                    ([], [written(tmp_path / "g.json", {"config": "a.json"})], "g.json")):
        with pytest.raises(ValueError, match=message):
            ablate.rows_of(configs, grids)


def test_a_grid_is_every_combination(tmp_path):
    written(tmp_path / "configs" / "iql.json", ROW)
    grid = written(tmp_path / "configs" / "search" / "iql.json",
                   {"config": "../iql.json", "vary": {"offline.temperature": [1.0, 3.0], "model.width": [32, 64]}})
    rows = ablate.rows_of([], [grid])
    assert [row.name for row in rows] == [f"iql[temperature={t},width={w}]" for t in (1, 3) for w in (32, 64)]
    assert rows[3].config["offline"] == {**ROW["offline"], "temperature": 3.0} and rows[3].config["model"]["width"] == 64
    assert ablate.folder_of(tmp_path, rows[0]).name == "iql_temperature=1_width=32_"


def test_rows_are_trained_compared_and_one_that_fails_is_survived(data, tmp_path, capsys):
    one = written(tmp_path / "one.json", ROW)
    two = written(tmp_path / "two.json", merge(ROW, {"objective": "iql", "condition": "none", "model": {"arch": "mlp"}, "fineTune": {"steps": 0}}))
    lost = written(tmp_path / "lost.json", merge(ROW, {"hide": ["weather"]}))
    out = tmp_path / "out"
    code = ablate.main(["--configs", str(one), str(lost), str(two), "--data", str(data), "--out", str(out), "--minutes", "6", "--jobs", "2"])
    assert code == 1
    result = json.loads((out / "ablation.json").read_text("utf-8"))
    assert result["reference"] == "one" and set(result["rows"]) == {"one", "two"} and "weather" in result["failed"]["lost"]
    cell = result["rows"]["two"]["scores"]["test"]["SpendFirst"]["1"]
    low, high = cell["interval95"]
    assert low <= cell["percentOfBest"] <= high
    mean, left, right = cell["minusReference"]
    assert left <= mean <= right
    assert mean == pytest.approx(cell["percentOfBest"] - result["rows"]["one"]["scores"]["test"]["SpendFirst"]["1"]["percentOfBest"], abs=0.02)
    assert result["rows"]["one"]["scores"]["test"]["SpendFirst"]["1"]["minusReference"] == [0.0, 0.0, 0.0]
    text = (out / "ablation.md").read_text("utf-8")
    assert "| **one** |" in text and "- lost: " in text and "there is no feature group weather" in text
    assert "lost failed" in capsys.readouterr().err
    # The same rows, collected: the same table.
    folders = [str(out / "one"), str(out / "two")]
    assert ablate.main(["--collect", *folders, "--out", str(tmp_path / "again"), "--reference", "two"]) == 0
    again = json.loads((tmp_path / "again" / "ablation.json").read_text("utf-8"))
    assert again["rows"]["two"]["scores"]["test"]["SpendFirst"]["1"]["percentOfBest"] == cell["percentOfBest"]
    assert again["rows"]["one"]["scores"]["test"]["SpendFirst"]["1"]["minusReference"][0] == pytest.approx(-mean, abs=0.02)
    assert ablate.main(["--collect", str(tmp_path), "--out", str(tmp_path / "none")]) == 1, "nothing there to read"


def test_rows_of_other_keys_are_not_compared(data, tmp_path, capsys):
    for name, keys in (("all", 0), ("few", 12)):
        run = Trainer(Config.parse(merge(ROW, {"reportKeys": keys})), data, tmp_path / name, lambda line: None)
        assert run.run()
    assert ablate.main(["--collect", str(tmp_path / "all"), str(tmp_path / "few"), "--out", str(tmp_path / "out")]) == 2
    assert "few was scored on other keys than all" in capsys.readouterr().err


def test_bad_arguments_end_at_once(tmp_path, capsys):
    one = written(tmp_path / "one.json", ROW)
    base = ["--data", str(tmp_path), "--out", str(tmp_path / "out"), "--minutes", "1"]
    assert ablate.main(["--configs", str(tmp_path / "none.json"), *base]) == 2
    assert ablate.main(["--configs", str(one), *base, "--reference", "two"]) == 2
    assert ablate.main(["--configs", str(one), *base, "--jobs", "0"]) == 2
    assert "there is no row two" in capsys.readouterr().err


def test_a_run_that_must_finish_in_time_does_and_its_rate_falls_with_the_clock(data, tmp_path):
    from autobid_policies.common.config import Config
    from autobid_policies.common.trainer import Trainer
    now = [0.0]

    def clock() -> float:
        now[0] += 0.5
        return now[0]

    settings = merge(TINY, {"offline": {"steps": 10_000, "timeShare": 0.3}, "fineTune": {"steps": 10_000, "ema": 0.9}, "validateEvery": 1000})
    run = Trainer(Config.parse(settings), data, tmp_path, report=lambda line: None, clock=clock)
    assert run.run(finish_in=0.5)
    # 24 s for training, a third of them offline.
    assert run.course.seconds["offline"] == pytest.approx(0.3 * 24, abs=2) and run.course.seconds["fineTune"] == pytest.approx(0.7 * 24, abs=2)
    assert run.optimiser.param_groups[0]["lr"] < 0.3 * TINY["fineTune"]["learningRate"]
    assert (tmp_path / "model.pt").exists() and (tmp_path / "scores.npz").exists()
    assert not torch.equal(run.average.action_head.weight, run.policy.action_head.weight) or run.best_state is not None


def test_the_command_line_trains_to_the_end(data, tmp_path):
    config = written(tmp_path / "row.json", ROW)
    assert train.main(["--config", str(config), "--data", str(data), "--out", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "model.pt").exists()
    assert train.main(["--config", str(config), "--data", str(data), "--out", str(tmp_path / "out2"), "--minutes", "0"]) == train.STOPPED


def test_curves_are_drawn_or_a_word_is_said(tmp_path, monkeypatch):
    said = []
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert not draw_courses({"a": [{"stage": "offline", "step": 1, "validation": 50.0}]}, tmp_path / "curves.png", said.append)
    assert said == ["no curves.png: matplotlib is not installed"]
