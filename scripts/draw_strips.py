"""Strips of curves of one person's face, with events and labels: a picture to look at, no faces in it.

    python3 -m venv /tmp/strips && /tmp/strips/bin/pip install matplotlib pandas 'pyarrow<20' 'numpy<2'
    /tmp/strips/bin/python scripts/draw_strips.py strips.png session1.attune/ session2.attune/ [--labels labels.json]

Each results folder becomes one strip: action units (0 to 1, AU15, AU17 and AU18 above the person's rest), grey where the face
cannot be rated, events as bars (pale = unsure) with onset, apex and offset, and, if given, what people labelled: a JSON file
{"session name": [["label", start, end], ...]}.
"""

import json
import sys
from pathlib import Path

import matplotlib
import pandas as pd

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

UNITS = {"AU12": ("smile", "#2a7f3e"), "AU18": ("pursed", "#c2410c"), "AU17": ("chin", "#7c3aed"), "AU15": ("corners", "#1d4ed8")}
SHOWN = {"vid.pout": "#c2410c", "vid.smile": "#2a7f3e", "vid.duch": "#65a30d", "vid.sad": "#475569", "vid.contempt": "#be185d",
         "vid.disgust": "#92400e", "vid.press": "#0e7490", "vid.suck": "#0891b2", "vid.brow": "#a16207"}


def strip(axes, folder, labels):
    tracks = pd.read_parquet(folder / "tracks.parquet", filters=[("track", "in", ["action_units", "face_quality"])])
    who = tracks.who.astype(str).min()
    tracks = tracks[tracks.who == who]
    wide = tracks.pivot_table(index="time_s", columns="column", values="value", dropna=False, observed=True)
    session = json.loads((folder / "session.json").read_text())["name"]
    for unit, (word, colour) in UNITS.items():
        axes.plot(wide.index, wide[unit], color=colour, lw=1.1, label=f"{unit} {word}")
    axes.fill_between(wide.index, 0, 1, where=wide["AU12"].isna(), color="#d4d4d4", step="mid", lw=0)
    events = pd.read_csv(folder / "events.csv")
    events = events[(events.who == who) & events.marker.isin(list(SHOWN))]
    rows = [marker for marker in SHOWN if (events.marker == marker).any()]
    for event in events.itertuples():
        y = -0.14 - 0.13 * rows.index(event.marker)
        alpha = 0.3 + 0.7 * event.confidence
        axes.barh(y, event.end_s - event.start_s, 0.1, event.start_s, color=SHOWN[event.marker], alpha=alpha, lw=0)
        axes.plot([event.apex_s], [y], marker="|", color="black", ms=5)
        kind = f" {event.kind}" if event.marker == "vid.pout" else ""
        axes.text(event.end_s, y, f" {event.marker[4:]}{kind}", fontsize=6, va="center")
    for label, start, end in labels.get(session, []):
        axes.axvspan(start, end, ymin=0.93, color="#fbbf24", lw=0)
        axes.text(start, 1.17, label, fontsize=6, va="bottom")
    axes.set_ylim(-0.2 - 0.13 * max(len(rows), 1), 1.15)
    axes.set_yticks([0, 0.5, 1])
    axes.set_xlim(max(wide.index.min() - 0.1, 0), wide.index.max() + 0.6)
    axes.set_title(session, fontsize=8, loc="left", pad=12)
    axes.tick_params(labelsize=7)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def main(arguments):
    labels = {}
    if "--labels" in arguments:
        at = arguments.index("--labels")
        labels = json.loads(Path(arguments[at + 1]).read_text())
        del arguments[at : at + 2]
    out, folders = arguments[0], [Path(folder) for folder in arguments[1:]]
    figure, all_axes = plt.subplots(len(folders), 1, figsize=(9, 2.1 * len(folders)), squeeze=False)
    for axes, folder in zip(all_axes[:, 0], folders):
        strip(axes, folder, labels)
    all_axes[0, 0].legend(fontsize=6, ncol=4, loc="upper right", frameon=False, bbox_to_anchor=(1, 1.32))
    all_axes[-1, 0].set_xlabel("seconds", fontsize=8)
    figure.tight_layout()
    figure.savefig(out, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main(sys.argv[1:])
