//! Studies: what leaves them, and what comes back from ELAN.

use super::*;

/// A study with one scanned session, whose results are those of a made session.
fn study_of(desk: &Desk, session: &Session) -> String {
    let place = desk.path("study").to_str().unwrap().to_owned();
    check(&desk.attune(&["study", "new", &place, "--coder", "anna", "--coder", "ben"]), 0, "");
    let wav = desk.wav("sound.wav", 0.2);
    check(&desk.attune(&["study", "add", &place, wav.to_str().unwrap(), "--dyad", "D7", "--day", "14"]), 0, "S001");
    let folder = Path::new(&place).join("sessions/S001/results");
    let report = Config::embedded().read("report.toml").unwrap();
    let mut session = session.clone();
    session.name = "S001".into();
    export::write_results(&session, &export::Codes::default(), &folder, &report, &Options::default()).unwrap();
    place
}

#[test]
fn only_what_people_agreed_to_leaves_a_study() {
    let desk = Desk::new();
    let place = study_of(&desk, &telling_session());
    let out = desk.path("out");
    let out = out.to_str().unwrap();
    check(&desk.attune(&["export", &place, "-o", out]), 1, "nobody in it has agreed to export");
    check(&desk.attune(&["study", "consent", &place, "S001", "client=+export"]), 0, "");
    let args = ["export", &place, "--to", "all", "--profile", "restricted", "-o", out];
    check(&desk.attune(&args), 3, "without what is about the therapist");
    let (text, _) = everything(Path::new(out));
    let session = telling_session();
    for turn in &session.turns {
        let word = turn.text.split_whitespace().last().unwrap();
        let is_whole = text.split(|c: char| !c.is_alphanumeric()).any(|other| other == word);
        assert_eq!(is_whole, turn.who == Who::Client, "{word}");
    }
    assert!(text.contains("D7-client") && !text.contains("D7-therapist"));
    check(&desk.attune(&["study", "consent", &place, "S001", "therapist=+export"]), 0, "");
    check(&desk.attune(&args), 0, "1 session");
    let (text, _) = everything(Path::new(out));
    assert!(text.contains("D7-therapist") && text.contains(",D7,14,"));
}

#[test]
fn coders_work_leaves_when_all_have_locked() {
    let desk = Desk::new();
    let session = telling_session();
    let place = study_of(&desk, &session);
    check(&desk.attune(&["study", "consent", &place, "S001", "client=+export", "therapist=+export"]), 0, "");
    let store = coders::store(&place, &["anna", "ben"]);
    let out = desk.path("coded");
    let out = out.to_str().unwrap();
    let export = |profile: &str, more: &[&str]| {
        let args = ["export", &place, "--to", "csv,elan,qdpx", "--profile", profile, "--yes", "-o", out];
        let done = desk.attune(&[&args, more].concat());
        check(&done, 0, "1 session");
        let csv = |name: &str| std::fs::read_to_string(Path::new(out).join(format!("csv/{name}.csv"))).unwrap();
        let eaf = std::fs::read_to_string(Path::new(out).join("elan/S001.eaf")).unwrap();
        let mut qdpx =
            zip::ZipArchive::new(std::fs::File::open(Path::new(out).join("qdpx/export.qdpx")).unwrap()).unwrap();
        let mut qde = String::new();
        std::io::Read::read_to_string(&mut qdpx.by_name("project.qde").unwrap(), &mut qde).unwrap();
        (csv("codings"), csv("decisions"), eaf, qde, done)
    };
    // On a turn, so that the transcript shows it.
    let turn = attune::review::clips::millis(session.turns[1].span);
    coders::code(&store, "anna", "S001", "rs03");
    coders::lock(&store, "anna", "S001");
    coders::recode(&store, "anna", "S001", turn, "rs05");
    coders::code(&store, "ben", "S001", "rs02");
    let (codings, decisions, eaf, _, done) = export("restricted", &[]);
    assert!(done.err.contains("S001: without the coders' work"), "{done:?}");
    assert_eq!((codings.lines().count(), decisions.lines().count()), (1, 1));
    assert!(!eaf.contains("qvx"));
    coders::lock(&store, "ben", "S001");
    coders::settle(&store, "ben", "S001");
    let (codings, decisions, eaf, qde, _) = export("restricted", &[]);
    assert!(
        codings.contains(",anna,blind,1,rs03,")
            && codings.contains(",ben,blind,1,rs02,")
            && codings.contains("qvxcoding")
    );
    assert!(decisions.contains(",anna,flag,recode,rs05,rupture,"), "{decisions}");
    assert!(eaf.contains("rs03: ") && eaf.contains("TIER_ID=\"coder.ben\"") && eaf.contains("qvxdecision"));
    let count = |text: &str, word: &str| text.matches(word).count();
    let by = |name: &str| {
        let at = qde.find(&format!("name=\"{name}\"")).unwrap();
        let guid = qde[..at].rfind("guid=\"").unwrap() + 6;
        count(&qde, &format!("creatingUser=\"{}\"", &qde[guid..guid + 36]))
    };
    assert!(by("anna") >= 2 && by("anna") % 2 == 0, "a selection and its coding, each by her: {}", by("anna"));
    // Open: the same codes without a word of theirs. Blind: nothing of them.
    let (codings, decisions, eaf, qde, _) = export("open", &[]);
    assert!(codings.contains(",anna,blind,1,rs03,") && decisions.contains(",rs05,rupture,"));
    let (text, _) = everything(Path::new(out));
    assert!(!text.contains("qvx") && !eaf.contains("qvx") && !qde.contains("qvx"));
    let (codings, _, eaf, _, _) = export("restricted", &["--blind"]);
    assert!(codings.lines().count() == 1 && !eaf.contains("qvx"));
    // With recordings: on their clock too.
    let (.., qde, _) = export("media", &[]);
    assert!(qde.contains("AudioSelection") && qde.contains("begin=\"10000\" end=\"20000\""), "{qde}");
    // Each of the five is in the log.
    let lines = store.read(|c| attune::review::chain::last(c, 1_000)).unwrap();
    let exported: Vec<_> = lines.iter().filter(|line| line.action == "exported").collect();
    assert_eq!(exported.len(), 5);
    assert_eq!(exported[0].detail, "media, csv elan qdpx: S001");
}

#[test]
fn further_stretches_have_a_list_of_their_own() {
    let desk = Desk::new();
    let mut session = telling_session();
    let mut further = session.episodes[0].clone();
    further.id = "f001".into();
    further.sentence = "qvxsentence".into();
    session.further.push(further);
    let learned = attune::episodes::Likelihood {
        probability: 0.25,
        level: attune::episodes::Level::Low,
        confirmed_low: None,
        confirmed_high: None,
    };
    session.episodes[0].likelihood = Some(learned);
    let results = results_of(&desk, &session);
    let out = desk.path("further");
    let rows = |more: &[&str]| -> Vec<std::collections::BTreeMap<String, String>> {
        let args = [&["export", &results, "-o", out.to_str().unwrap()], more].concat();
        check(&desk.attune(&args), 0, "1 session");
        let mut table = csv::Reader::from_path(out.join("csv/episodes.csv")).unwrap();
        table.deserialize().map(Result::unwrap).collect()
    };
    let open = rows(&[]);
    assert_eq!(open.len(), session.episodes.len() + 1);
    assert_eq!((open[0]["list"].as_str(), open[0]["likelihood"].as_str()), ("candidate", "0.25"));
    let last = open.last().unwrap();
    assert_eq!((last["list"].as_str(), last["episode"].as_str()), ("further", "f001"));
    assert!(
        !last.contains_key("sentence") && everything(&out).0.contains("f001") && !everything(&out).0.contains("qvx")
    );
    assert!(rows(&["--profile", "restricted"]).last().unwrap()["sentence"].contains("qvx"));
    // Coders who shall not see candidates get no further stretches either.
    assert!(rows(&["--blind", "--to", "all", "--profile", "restricted"]).is_empty());
    assert!(!everything(&out).0.contains("qvx"));
}

/// An annotation on a coder's tier of a document, with its own time slots.
fn annotate(eaf: &str, tier: &str, id: &str, (from, to): (i64, i64), value: &str) -> String {
    let slots = format!(
        "<TIME_SLOT TIME_SLOT_ID=\"{id}x\" TIME_VALUE=\"{from}\"/><TIME_SLOT TIME_SLOT_ID=\"{id}y\" TIME_VALUE=\"{to}\"/></TIME_ORDER>"
    );
    let annotation = format!(
        "<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID=\"{id}\" TIME_SLOT_REF1=\"{id}x\" TIME_SLOT_REF2=\"{id}y\">\
         <ANNOTATION_VALUE>{value}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>"
    );
    let head = format!("TIER_ID=\"{tier}\">");
    assert!(eaf.contains(&head), "no tier {tier}");
    eaf.replacen("</TIME_ORDER>", &slots, 1).replacen(&head, &format!("{head}{annotation}"), 1)
}

#[test]
fn what_a_coder_does_in_elan_comes_back() {
    let desk = Desk::new();
    let place = study_of(&desk, &telling_session());
    check(&desk.attune(&["study", "consent", &place, "S001", "both=+export"]), 0, "");
    let out = desk.path("out");
    check(&desk.attune(&["export", &place, "--to", "elan", "-o", out.to_str().unwrap()]), 0, "1 session");
    let eaf = std::fs::read_to_string(out.join("elan/S001.eaf")).unwrap();
    let candidates = made::four_minutes().episodes;
    let first = candidates[0].span;
    let at = |time: SessionTime| time.millis();
    let eaf = annotate(
        &eaf,
        "coder.anna",
        "b1",
        (at(first.start()) + 500, at(first.end())),
        "rs03: Very concise &amp; quiet",
    );
    let eaf = annotate(&eaf, "coder.anna", "b2", (200_000, 201_500), "rs02?");
    let eaf = annotate(&eaf, "coder.anna", "b3", (1000, 2000), "reject");
    let eaf = annotate(&eaf, "coder.anna", "b4", (3000, 4000), "rs033");
    let note = "<ANNOTATION><REF_ANNOTATION ANNOTATION_ID=\"b9\" ANNOTATION_REF=\"b1\"><ANNOTATION_VALUE>she &lt;looks&gt; away\
                </ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>";
    let head = "TIER_ID=\"coder.anna.note\">";
    let eaf = eaf.replacen(head, &format!("{head}{note}"), 1);
    let eaf = eaf.replacen("DATE=\"2000-01-01T00:00:00+00:00\"", "DATE=\"2026-05-04T10:11:12+02:00\"", 1);
    let file = desk.write("S001.eaf", eaf);
    let file = file.to_str().unwrap();
    let done = desk.attune(&["import", &place, "S001", file, "--coder", "anna"]);
    check(&done, 3, "3 decision(s) of anna in S001 from coder.anna");
    check(&done, 3, "at 3.0 s: \"rs033\" is no code of the codebook (did you mean rs03?)");
    let csv = Path::new(&place).join("sessions/S001/decisions/anna-flag.csv");
    let read = decisions::read(&csv).unwrap();
    let told: Vec<_> = read.iter().map(|d| (d.verdict.as_str(), d.code.as_str(), d.episode.as_str())).collect();
    assert_eq!(told, [("reject", "", ""), ("confirm", "rs03", candidates[0].id.as_str()), ("unsure", "rs02", "")]);
    let confirmed = &read[1];
    assert!((confirmed.start_s - (first.start().secs_f64() + 0.5)).abs() < 2e-3, "{confirmed:?}");
    assert_eq!((confirmed.dyad.as_str(), confirmed.pass.as_str()), ("D7", "flag"));
    assert_eq!(
        (confirmed.note.as_str(), confirmed.made_at.as_str()),
        ("she <looks> away", "2026-05-04T10:11:12+02:00")
    );
    let head = std::fs::read_to_string(&csv).unwrap();
    assert!(head.starts_with("session,dyad,episode,coder,pass,verdict,code,start_s,end_s,made_at,note\r\n"), "{head}");

    // They go out with the rest, and come back the same.
    let all = ["export", &place, "--to", "all", "--profile", "restricted", "-o", out.to_str().unwrap()];
    check(&desk.attune(&all), 0, "1 session");
    let again = out.join("elan/S001.eaf");
    let copy = desk.path("again.csv");
    let args = ["import", &place, "S001", again.to_str().unwrap(), "--coder", "anna", "-o", copy.to_str().unwrap()];
    check(&desk.attune(&args), 0, "3 decision(s)");
    let back = decisions::read(&copy).unwrap();
    for (one, two) in read.iter().zip(&back) {
        let same = |d: &decisions::Decision| {
            (d.verdict.clone(), d.note.clone(), d.episode.clone(), (d.start_s * 1000.0).round() as i64)
        };
        assert_eq!(same(one), same(two));
    }
    // Codings of coders stand in the project under their own name.
    let (text, _) = everything(&out.join("qdpx"));
    assert!(text.contains("name=\"anna\"") && text.contains("Attune (candidates)"));
}

#[test]
fn coders_who_shall_not_see_candidates_get_none() {
    let desk = Desk::new();
    let results = results_of(&desk, &telling_session());
    let out = desk.path("out");
    let args = [
        "export",
        &results,
        "--to",
        "all",
        "--blind",
        "--profile",
        "restricted",
        "--coder",
        "ben",
        "-o",
        out.to_str().unwrap(),
    ];
    check(&desk.attune(&args), 0, "1 session");
    let eaf = std::fs::read_to_string(out.join("elan/session1.eaf")).unwrap();
    assert!(eaf.contains("coder.ben") && !eaf.contains("TIER_ID=\"candidates\"") && !eaf.contains("TIER_ID=\"codes\""));
    for table in ["hits", "episodes"] {
        let text = std::fs::read_to_string(out.join(format!("csv/{table}.csv"))).unwrap();
        assert_eq!(text.lines().count(), 1, "{table}");
    }
    assert!(!out.join("webvtt/session1.candidates.vtt").exists());
}

#[test]
fn documents_that_are_none_are_told() {
    let desk = Desk::new();
    let place = study_of(&desk, &made::four_minutes());
    let import = |file: &Path, more: &[&str]| {
        let mut args = vec!["import", &place, "S001", file.to_str().unwrap(), "--coder", "anna"];
        args.extend(more);
        desk.attune(&args)
    };
    check(&import(&desk.path("none.eaf"), &[]), 1, "cannot read the document");
    check(&import(&desk.write("a.eaf", "<a><b></a>"), &[]), 1, "at line 1");
    check(&import(&desk.write("b.eaf", "dear diary"), &[]), 1, "no ELAN document");
    check(&import(&desk.write("c.eaf", [0xFF, 0xFE, 0x00]), &[]), 1, "no ELAN document");
    let other = "<ANNOTATION_DOCUMENT><TIER TIER_ID=\"gestures\"/></ANNOTATION_DOCUMENT>";
    check(&import(&desk.write("d.eaf", other), &[]), 1, "say --tier with one of gestures");
    check(&import(&desk.write("d.eaf", other), &["--tier", "gestures"]), 0, "0 decision(s)");
    let bomb = format!(
        "<!DOCTYPE a [<!ENTITY x \"{}\">]><ANNOTATION_DOCUMENT><TIER TIER_ID=\"coder.anna\"><ANNOTATION>\
                        <ALIGNABLE_ANNOTATION><ANNOTATION_VALUE>&x;</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>\
                        </ANNOTATION_DOCUMENT>",
        "y".repeat(50)
    );
    check(&import(&desk.write("e.eaf", bomb), &[]), 1, "");
    let backwards = "<ANNOTATION_DOCUMENT><TIME_ORDER><TIME_SLOT TIME_SLOT_ID=\"1\" TIME_VALUE=\"5\"/></TIME_ORDER>\
        <TIER TIER_ID=\"coder.anna\"><ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID=\"a1\" TIME_SLOT_REF1=\"1\" TIME_SLOT_REF2=\"1\">\
        <ANNOTATION_VALUE>rs03</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER></ANNOTATION_DOCUMENT>";
    check(&import(&desk.write("f.eaf", backwards), &[]), 1, "no start before an end");
    let wrong = desk.attune(&["import", &place, "S002", "x.eaf", "--coder", "anna"]);
    check(&wrong, 1, "did you mean S001?");
    check(&desk.attune(&["import", &place, "S001", "x.eaf", "--coder", "Anna Berg"]), 2, "--coder");
}
