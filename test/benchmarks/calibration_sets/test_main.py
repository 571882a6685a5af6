from __future__ import annotations

import json

import pytest

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

from benchmarks.calibration_sets.__main__ import main


@pytest.fixture(scope="module")
def done(lit, tmp_path_factory):
    out = tmp_path_factory.mktemp("sets")
    given = ["--camvid", lit.camvid, "--rendered", lit.rendered, "--model", lit.model]
    given += ["--model", f"0001TP={lit.model}", "--images", 2, "--frames", 6, "--block", 1]
    given += ["--method", "minmax", "-o", out]
    assert main([str(one) for one in given]) == 0
    return out, json.loads((out / "calibration_sets.json").read_text())["experiments"]


def test_each_set_is_scored_in_each_light(done):
    _, experiments = done
    assert [[row["calibrated_on"] for row in one["rows"]] for one in experiments] == [
        ["fp32", "day", "dusk", "day and dusk"],
        ["fp32", "day", "night", "day and night"],
    ]
    for one in experiments:
        first, second = one["rows"][0]["lights"]
        for row in one["rows"][1:]:
            for light in (first, second):
                found = row["lights"][light]
                assert 0 <= found["miou"] <= 1
                assert 0.5 < found["agreement"] <= 1
                assert 0 <= found["beyond"] < 0.5
                assert found["drop"]["verdict"]


def test_the_reference_has_nothing_beyond_a_range(done):
    _, experiments = done
    assert experiments[0]["rows"][0]["lights"]["day"]["beyond"] is None


def test_a_set_says_what_light_it_holds(done):
    _, experiments = done
    dusk = experiments[0]["rows"][2]["calibration"]
    assert dusk["sequences"] == {"0001TP": 2}
    assert experiments[0]["rows"][3]["calibration"]["images"] == 2


def test_weights_for_a_drive_of_one_data_set_leave_the_other_alone(done):
    _, experiments = done
    groups = [[one["groups"] for one in experiment["weights"]] for experiment in experiments]
    assert groups == [[["0001TP"], ["0006R0", "0016E5"]], [["day", "night"]]]


def test_tables_are_written_with_what_they_depend_on(done):
    out, _ = done
    text = (out / "calibration_sets.md").read_text()
    assert "## day and dusk, camvid/train+val, second half of each drive (6 of" in text
    assert "Network size 64x96 stretch, openvino" in text
    assert "| day and night | 2 images: " in text


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "give --camvid or --rendered"),
        (["--rendered", "{rendered}", "--model", "0001TP=a"], "a model for '0001TP'"),
        (["--rendered", "{rendered}", "--model", "none.onnx"], "none.onnx"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(lit, given, message, tmp_path, capsys):
    arguments = [text.format(rendered=lit.rendered) for text in given]
    with pytest.raises(SystemExit):
        main([*arguments, "-o", str(tmp_path)])
    assert message in capsys.readouterr().err
