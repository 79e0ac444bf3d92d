"""Opens an export of one session with the tools it is for, and compares what they see with session.json.

Usage: check.py EXPORT SESSION_JSON DECISIONS_CSV
Prints a line for each tool; ends with an error at the first difference.
"""

import csv
import glob
import json
import math
import sys
import zipfile
from pathlib import Path

export, session_file, decisions_file = map(Path, sys.argv[1:4])
truth = json.loads(session_file.read_text(encoding="utf-8"))
decided = list(csv.DictReader(decisions_file.open(encoding="utf-8", newline="")))
SUMMARY = {"window", "session"}
LENGTH = truth["span"]["end_s"] - truth["span"]["start_s"]


def near(one, other, by=2e-3):
    assert abs(one - other) <= by, (one, other)


def same(one, other, what):
    assert one == other, f"{what}: {one} is not {other}"


def moments(who=None):
    """Events that documents show: not those that describe a window or the whole session."""
    for event in truth["events"]:
        if event.get("kind") in SUMMARY or event["end_s"] - event["start_s"] >= 0.5 * LENGTH:
            continue
        if who is None or event["who"] == who:
            yield event


def told(tool, what):
    print(f"{tool}: {what}")


def check_pandas():
    import pandas

    events = pandas.read_csv(export / "csv/events.csv")
    same(len(events), len(truth["events"]), "rows of events.csv")
    for row, event in zip(events.itertuples(), truth["events"]):
        same(row.marker, event["marker"], "marker")
        near(row.start_s, event["start_s"], 1e-9)
        near(row.end_s, event["end_s"], 1e-9)
        if event["value"] is None:
            assert math.isnan(row.value)
        else:
            near(row.value, event["value"], 1e-6 * max(1, abs(event["value"])))
    turns = pandas.read_csv(export / "csv/turns.csv")
    same(list(turns.text.fillna("")), [turn["text"] for turn in truth["turns"]], "words")
    columns = pandas.read_csv(export / "csv/events.columns.csv")
    same(list(columns.column), list(events.columns), "described columns")
    timeline = pandas.read_csv(export / "timeline/S001.csv")
    same(len(timeline), math.ceil(LENGTH), "rows of the timeline")
    described = pandas.read_csv(export / "timeline/S001.columns.csv")
    same(list(described.column), list(timeline.columns), "described columns of the timeline")
    told("pandas", f"{len(events)} events, {len(turns)} turns, {timeline.shape[1]} columns a second")
    return timeline


def check_arrow(timeline):
    import numpy
    import pyarrow.dataset as dataset
    import pyarrow.parquet as parquet

    events = dataset.dataset(str(export / "parquet/events"), partitioning="hive").to_table()
    same(events.num_rows, len(truth["events"]), "rows of events.parquet")
    same(set(events.column("session").to_pylist()), {"S001"}, "partition")
    same(events.column("marker").to_pylist(), [event["marker"] for event in truth["events"]], "markers")
    meaning = parquet.read_schema(export / "parquet/events/session=S001/events.parquet").field("start_s").metadata
    assert b"session clock" in meaning[b"meaning"], meaning
    tracks = dataset.dataset(str(export / "parquet/tracks"), partitioning="hive").to_table().to_pandas()
    # The mean of a track over a second is that of the timeline.
    loud = tracks[(tracks.track == "loudness") & (tracks.who == "room") & (tracks.confidence >= 0.3)]
    by_second = loud.groupby(numpy.floor(loud.time_s).astype(int)).value.mean()
    column = timeline.set_index("second")["room_loudness_dbfs"].dropna()
    assert len(column) > 100, len(column)
    for second, value in column.items():
        near(by_second[second], value, 1e-3)
    told("pyarrow", f"{events.num_rows} events, {len(tracks)} numbers of tracks, {len(column)} seconds agree")


def check_duckdb():
    import duckdb

    place = f"{export}/parquet/events/*/*.parquet"
    rows = duckdb.sql(
        f"select marker, count(*), sum(duration_s) from read_parquet('{place}', hive_partitioning = true) "
        "where session = 'S001' group by marker"
    ).fetchall()
    for marker, count, secs in rows:
        own = [event for event in truth["events"] if event["marker"] == marker]
        same(count, len(own), marker)
        near(secs, sum(event["end_s"] - event["start_s"] for event in own), 1e-6 * len(own) + 1e-9)
    told("duckdb", f"{len(rows)} markers")


def check_elan():
    import pympi

    document = pympi.Elan.Eaf(str(export / "elan/S001.eaf"))
    tiers = {name: document.get_annotation_data_for_tier(name) for name in document.get_tier_names()}

    def lanes(name):
        own = [tier for tier in tiers if tier == name or (tier.startswith(name + ".") and tier[len(name) + 1 :].isdigit())]
        return sorted(annotation[:3] for tier in own for annotation in tiers[tier])

    for who in ["client", "therapist"]:
        said = [(turn["start_s"], turn["end_s"], turn["text"]) for turn in truth["turns"] if turn["who"] == who]
        found = lanes(who)
        same(len(found), len(said), f"turns of {who}")
        for (start, end, text), (from_s, to_s, words) in zip(found, sorted(said)):
            near(start / 1000, from_s)
            near(end / 1000, to_s)
            same(text, " ".join(words.split("\n")) or "(speaks)", "words")
    seen = 0
    for who in ["client", "therapist", "room"]:
        for family, begin in [("voice", "aud."), ("face", "vid."), ("words", "txt.")]:
            own = sorted((e["start_s"], e["end_s"], e["marker"]) for e in moments(who) if e["marker"].startswith(begin))
            found = sorted((start / 1000, end / 1000, text.split()[0]) for start, end, text in lanes(f"{who}.{family}"))
            same(len(found), len(own), f"{who}.{family}")
            for one, other in zip(found, own):
                near(one[0], other[0])
            seen += len(found)
    same(len(lanes("codes")), len(truth["hits"]), "hits")
    same(len(lanes("candidates")), len(truth["episodes"]), "candidates")
    same(sorted(document.controlled_vocabularies), ["codebook"], "vocabularies")
    # pympi 1.71 counts entries by id.
    entries = document.controlled_vocabularies["codebook"][1]
    assert len(entries) > 70, len(entries)
    mine = lanes("coder.anna")
    same(len(mine), len(decided), "decisions")
    # A document that pympi writes again still reads.
    document.add_annotation("coder.ben", 1000, 2500, "rs03: by pympi")
    document.to_file(str(export / "again.eaf"))
    told("pympi-ling", f"{seen} events, {len(lanes('codes'))} hits, {len(entries)} words of the vocabulary, {len(mine)} decisions")


def check_praat():
    import parselmouth
    from praatio import textgrid

    file = str(export / "praat/S001.TextGrid")
    grid = textgrid.openTextgrid(file, includeEmptyIntervals=False)
    count = sum(len(grid.getTier(name).entries) for name in grid.tierNames)
    expected = len(list(moments())) + len(truth["turns"]) + len(truth.get("words", [])) + len(truth["hits"]) + len(truth["episodes"])
    same(count, expected, "intervals")
    first = grid.getTier("therapist").entries[0]
    turn = next(turn for turn in truth["turns"] if turn["who"] == "therapist")
    near(first.start, turn["start_s"])
    same(first.label, turn["text"], "words")
    read = parselmouth.read(file)
    tiers = int(parselmouth.praat.call(read, "Get number of tiers"))
    same(tiers, len(grid.tierNames), "tiers")
    near(parselmouth.praat.call(read, "Get end time"), max(LENGTH, grid.maxTimestamp))
    told("praatio, praat-parselmouth", f"{tiers} tiers, {count} intervals")


def check_pyannote():
    from pyannote.core import Annotation, Segment

    spoken = Annotation(uri="S001")
    for number, line in enumerate((export / "rttm/S001.rttm").read_text(encoding="utf-8").splitlines()):
        kind, uri, _, start, length, _, _, who, _, _ = line.split()
        same((kind, uri), ("SPEAKER", "S001"), "kind of line")
        spoken[Segment(float(start), float(start) + float(length)), number] = who
    for person in ["client", "therapist"]:
        own = [e for e in truth["events"] if e["marker"] == "aud.vad" and e["who"] == person and e.get("kind") != "unknown"]
        # Overlapping stretches of one person count once on both sides.
        secs, until = 0.0, -1.0
        for event in sorted(own, key=lambda e: e["start_s"]):
            secs += max(0.0, event["end_s"] - max(event["start_s"], until))
            until = max(until, event["end_s"])
        near(spoken.label_duration(f"D7-{person}"), secs, 2e-3 * max(1, len(own)))
    told("pyannote.core", f"{len(spoken)} stretches of {len(spoken.labels())} people")


def check_subtitles():
    lines = (export / "webvtt/S001.vtt").read_text(encoding="utf-8").split("\n\n")
    assert lines[0].split()[0] == "WEBVTT", lines[0]
    same(len(lines) - 1, len(truth["turns"]), "cues")
    told("webvtt", f"{len(lines) - 1} cues")


def check_qdpx():
    from lxml import etree

    space = {"q": "urn:QDA-XML:project:1.0"}
    [file] = glob.glob(str(export / "qdpx/*.qdpx"))
    archive = zipfile.ZipFile(file)
    same(archive.testzip(), None, "damage")
    root = etree.fromstring(archive.read("project.qde"))
    # Parts and their order, as in projects that other tools wrote.
    same([etree.QName(part).localname for part in root], ["Users", "CodeBook", "Sources"], "parts")
    users = {user.get("guid"): user.get("name") for user in root.iterfind("q:Users/q:User", space)}
    codes = {code.get("guid"): code.get("name") for code in root.iterfind(".//q:CodeBook//q:Code", space)}
    guids = [element.get("guid") for element in root.iter() if element.get("guid")]
    same(len(guids), len(set(guids)), "every guid once")
    assert all(len(guid) == 36 for guid in guids)
    by_machine = by_coder = 0
    for source in root.iterfind("q:Sources/q:TextSource", space):
        name = source.get("plainTextPath").removeprefix("internal://")
        text = archive.read(f"sources/{name}").decode("utf-8")
        assert "\r" not in text and not text.startswith("\ufeff")
        for selection in source.iterfind("q:PlainTextSelection", space):
            start, end = int(selection.get("startPosition")), int(selection.get("endPosition"))
            assert 0 <= start < end <= len(text), (start, end, len(text))
            # A selection is whole turns.
            assert start == 0 or text[start - 1] == "\n", text[start - 5 : start + 5]
            assert text[end] == "\n", text[end - 5 : end + 5]
            for coding in selection.iterfind("q:Coding", space):
                code = codes[coding.find("q:CodeRef", space).get("targetGUID")]
                same(code.split()[0], selection.get("name"), "code of a selection")
                by_machine += users[coding.get("creatingUser")] == "Attune (candidates)"
                by_coder += users[coding.get("creatingUser")] == "anna"
    with_code = [decision for decision in decided if decision["code"] and decision["verdict"] != "reject"]
    touched = lambda start, end: any(t["start_s"] < end and start < t["end_s"] for t in truth["turns"])
    same(by_coder, sum(touched(float(d["start_s"]), float(d["end_s"])) for d in with_code), "codings of a coder")
    same(by_machine, sum(touched(hit["start_s"], hit["end_s"]) for hit in truth["hits"]), "codings of the rules")
    told("refi-qda", f"{len(codes)} codes, {by_machine} codings of rules, {by_coder} of a coder")


def check_json():
    tables = json.loads((export / "json/S001.json").read_text(encoding="utf-8"))
    same(len(tables["events"]), len(truth["events"]), "events")
    same(len(tables["decisions"]), len(decided), "decisions")
    told("json", f"{sum(map(len, tables.values()))} rows")


check_arrow(check_pandas())
check_duckdb()
check_elan()
check_praat()
check_pyannote()
check_subtitles()
check_qdpx()
check_json()
