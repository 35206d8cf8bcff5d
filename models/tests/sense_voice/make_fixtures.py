"""Makes the fixtures of the SenseVoice tests: reference numbers of the front end and a small model.

    python3 -m venv venv && venv/bin/pip install kaldi-native-fbank==1.23.0 onnx==1.23.2 numpy==2.4.6
    venv/bin/python make_fixtures.py

fbank.json: filter bank energies of a made-up sound by kaldi-native-fbank, and rows of its stacked and normalised
features by the few lines of FunASR's front end that are repeated here.
model.onnx, tokens.txt: a model with the inputs, outputs and metadata of the real one, whose words are tones: each
token has a pitch, and the model writes it where it hears that pitch.
"""

import json
import math
from pathlib import Path

import kaldi_native_fbank as knf
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FOLDER = Path(__file__).parent
RATE = 16000
BINS, STACKED, SHIFT = 80, 7, 6


def made_up_sound(samples):
    """A rising tone in noise as 16-bit numbers; the test makes the same."""
    state, sound = 1, []
    for index in range(samples):
        state = (state * 1103515245 + 12345) % 2**31
        noise = (state >> 16) % 2001 - 1000
        t = index / RATE
        sound.append(round(8000 * math.sin(2 * math.pi * (150 + 900 * t) * t)) + noise)
    return np.array(sound, dtype=np.float32) / 32768


def energies(sound):
    options = knf.FbankOptions()
    options.frame_opts.dither = 0
    options.frame_opts.snip_edges = True
    options.frame_opts.window_type = "hamming"
    options.frame_opts.samp_freq = RATE
    options.mel_opts.num_bins = BINS
    fbank = knf.OnlineFbank(options)
    fbank.accept_waveform(RATE, (sound * 32768).tolist())
    fbank.input_finished()
    return np.stack([fbank.get_frame(index) for index in range(fbank.num_frames_ready)])


def stacked(frames):
    """FunASR's low frame rate: three copies of the first frame in front, the last one repeated behind."""
    count = math.ceil(len(frames) / SHIFT)
    padded = np.vstack([np.tile(frames[0], (STACKED // 2, 1)), frames])
    rows = []
    for index in range(count):
        part = padded[index * SHIFT : index * SHIFT + STACKED]
        part = np.vstack([part, np.tile(padded[-1], (STACKED - len(part), 1))])
        rows.append(part.reshape(-1))
    return np.array(rows)


def reference():
    frames = energies(made_up_sound(17_000))
    rows = stacked(frames)
    mean = np.linspace(-12, -6, BINS * STACKED)
    deviation = np.linspace(0.1, 0.3, BINS * STACKED)
    normalised = (rows + mean) * deviation
    rounded = lambda numbers: [round(float(number), 4) for number in numbers]
    return {
        "samples": 17_000,
        "frames": len(frames),
        "energies": {str(index): rounded(frames[index]) for index in (0, 51, len(frames) - 1)},
        "silence": rounded(energies(np.zeros(400, dtype=np.float32))[0][:1]),
        "rows": len(rows),
        "normalised": {str(index): rounded(normalised[index]) for index in (0, len(rows) - 1)},
    }


TEXT = {"\u2581hello": 1100, "\u2581world": 1700, "你": 400, "好": 700, "。": 2500}
TAG_PITCH = {"ja": 3800, "BGM": 5000, "nospeech": 6800}
TAGS = ["zh", "en", "yue", "ja", "ko", "nospeech", "HAPPY", "NEUTRAL", "Speech", "BGM", "withitn", "woitn"]
TOKENS = ["<unk>", "<s>", "</s>", *TEXT, *(f"<|{tag}|>" for tag in TAGS)]
LANGUAGES = {"auto": 0, "zh": 3, "en": 4, "yue": 7, "ja": 11, "ko": 12, "nospeech": 13}
WITH_ITN, WITHOUT_ITN = 14, 15


def token(tag):
    return TOKENS.index(f"<|{tag}|>")


def mel_bin(hz):
    mel = lambda f: 1127 * math.log(1 + f / 700)
    step = (mel(8000) - mel(20)) / (BINS + 1)
    return round((mel(hz) - mel(20)) / step) - 1


def pitch_weights(columns):
    """Features x tokens: ten times the bin of the pitch in the middle frame of the stack."""
    weights = np.zeros((BINS * STACKED, len(TOKENS)), dtype=np.float32)
    for column, hz in columns.items():
        weights[(STACKED // 2) * BINS + mel_bin(hz), column] = 10
    return weights


def rows(count, entries):
    table = np.zeros((count, len(TOKENS)), dtype=np.float32)
    for row, tag, value in entries:
        table[row, token(tag)] = value
    return table


def model():
    """Normalised energies lie near 2 where a tone is heard and below 1 elsewhere; 15 is taken off ten times that."""
    text_columns = {TOKENS.index(piece): hz for piece, hz in TEXT.items()}
    tag_columns = {token(tag): hz for tag, hz in TAG_PITCH.items()}
    text_bias = np.full(len(TOKENS), -40, dtype=np.float32)
    text_bias[list(text_columns)] = -15
    text_bias[0] = 0  # the blank
    tag_bias = np.full(len(TOKENS), -40, dtype=np.float32)
    tag_bias[list(tag_columns)] = -15
    only = lambda *tags: rows(1, [(0, tag, 2.0) for tag in tags])
    constants = {
        "text_weights": pitch_weights(text_columns),
        "text_bias": text_bias,
        "tag_weights": pitch_weights(tag_columns),
        "tag_bias": tag_bias,
        "language_table": rows(
            16, [(number, "zh" if name == "auto" else name, 5.0) for name, number in LANGUAGES.items()]
        ),
        "style_table": rows(16, [(WITH_ITN, "withitn", 5.0), (WITHOUT_ITN, "woitn", 5.0)]),
        "emotion": rows(1, [(0, "HAPPY", 9.0)])[None],
        "sound": rows(1, [(0, "Speech", 5.0)])[None],
        "language_mask": only("ja", "nospeech"),
        "sound_mask": only("BGM"),
        "axis": np.array([1], dtype=np.int64),
        "zero": np.array(0, dtype=np.float32),
    }
    node = helper.make_node
    nodes = [
        node("MatMul", ["x", "text_weights"], ["text_products"]),
        node("Add", ["text_products", "text_bias"], ["text_logits"]),
        node("MatMul", ["x", "tag_weights"], ["tag_products"]),
        node("Add", ["tag_products", "tag_bias"], ["tag_frames"]),
        node("ReduceMax", ["tag_frames"], ["tag_most"], axes=[1], keepdims=0),
        node("Relu", ["tag_most"], ["heard"]),
        node("Gather", ["language_table", "language"], ["language_row"]),
        node("Mul", ["heard", "language_mask"], ["heard_language"]),
        node("Add", ["language_row", "heard_language"], ["language_logits"]),
        node("Unsqueeze", ["language_logits", "axis"], ["language_frame"]),
        node("Mul", ["heard", "sound_mask"], ["heard_sound"]),
        node("Unsqueeze", ["heard_sound", "axis"], ["heard_sound_frame"]),
        node("Add", ["sound", "heard_sound_frame"], ["sound_frame"]),
        node("Gather", ["style_table", "text_norm"], ["style_row"]),
        node("Unsqueeze", ["style_row", "axis"], ["style_frame"]),
        node(
            "Concat", ["language_frame", "emotion", "sound_frame", "style_frame", "text_logits"], ["all"], axis=1
        ),
        node("Cast", ["x_length"], ["length"], to=TensorProto.FLOAT),
        node("Mul", ["length", "zero"], ["nothing"]),
        node("Add", ["all", "nothing"], ["logits"]),
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "sense_voice_of_tones",
        [
            value("x", TensorProto.FLOAT, ["N", "T", BINS * STACKED]),
            value("x_length", TensorProto.INT32, ["N"]),
            value("language", TensorProto.INT32, ["N"]),
            value("text_norm", TensorProto.INT32, ["N"]),
        ],
        [value("logits", TensorProto.FLOAT, ["N", "L", len(TOKENS)])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    join = lambda number: ",".join([str(number)] * (BINS * STACKED))
    metadata = {
        "model_type": "sense_voice_ctc",
        "lfr_window_size": STACKED,
        "lfr_window_shift": SHIFT,
        "normalize_samples": 0,
        "neg_mean": join(-8),
        "inv_stddev": join(0.1),
        "vocab_size": len(TOKENS),
        "with_itn": WITH_ITN,
        "without_itn": WITHOUT_ITN,
        **{f"lang_{name}": number for name, number in LANGUAGES.items()},
    }
    helper.set_model_props(made, {key: str(text) for key, text in metadata.items()})
    onnx.checker.check_model(made)
    return made


def main():
    (FOLDER / "fbank.json").write_text(json.dumps(reference(), separators=(",", ":")) + "\n")
    (FOLDER / "tokens.txt").write_text("".join(f"{piece} {index}\n" for index, piece in enumerate(TOKENS)))
    onnx.save(model(), FOLDER / "model.onnx")


if __name__ == "__main__":
    main()
