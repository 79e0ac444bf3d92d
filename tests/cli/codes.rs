//! A codebook of one's own, through the real program.

use crate::desk::{Desk, check};

#[test]
fn a_new_codebook_reads_holds_and_differs_by_one_code() {
    let desk = Desk::new();
    let own = desk.path("own");
    let own = own.to_str().unwrap();
    check(&desk.attune(&["codebook", "new", own]), 0, "one commented code");
    check(&desk.attune(&["codebook", "new", own]), 1, "is not empty");
    check(&desk.attune(&["codebook", "check", own]), 0, "80 codes read");
    check(&desk.attune(&["codebook", "test", own]), 0, "my01");
    check(&desk.attune(&["codebook", "diff", "built-in", own]), 1, "+ my01  Asks what was meant");
    check(&desk.attune(&["codebook", "diff", own, own]), 0, "");
    check(&desk.attune(&["codebook", "diff", "built-in", "nowhere"]), 2, "nowhere");
    check(&desk.attune(&["codebook", "show", "my01", "--codebook", own]), 0, "Asks what was meant");
    check(&desk.attune(&["codebook", "show", "my01"]), 2, "my01");
}

#[test]
fn what_is_wrong_with_a_code_of_ones_own_is_named_with_file_and_line() {
    let desk = Desk::new();
    let own = desk.path("own");
    check(&desk.attune(&["codebook", "new", own.to_str().unwrap()]), 0, "");
    let file = own.join("my01_first_code.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let own = own.to_str().unwrap();
    std::fs::write(&file, text.replace("max_words = 20", "max_word = 20")).unwrap();
    check(
        &desk.attune(&["codebook", "check", own]),
        1,
        "did you mean `max_words`?: codebook/own/my01_first_code.toml, line",
    );
    std::fs::write(&file, text.replace("words = 80", "words = 8")).unwrap();
    let done = desk.attune(&["codebook", "test", own]);
    check(&done, 1, "1 examples do not give what they say");
    assert!(done.out.contains("look-alike: in the middle of a long turn"));
    // A built-in code under another wording replaces the built-in one.
    std::fs::write(&file, text.replace("id = \"my01\"", "id = \"rs13\"")).unwrap();
    check(&desk.attune(&["codebook", "check", own]), 0, "79 codes read");
    check(&desk.attune(&["codebook", "diff", "built-in", own]), 1, "~ rs13  wording changed");
}

#[test]
fn views_and_moments_to_look_at() {
    let desk = Desk::new();
    check(&desk.attune(&["codebook", "list", "--view", "3rs"]), 0, "Withdrawal, avoiding: topic shift");
    check(&desk.attune(&["codebook", "list", "--view", "pac"]), 2, "did you mean pacs?");
    check(&desk.attune(&["codebook", "look", "rf13", "nowhere"]), 1, "nowhere");
    let tone = desk.wav("tone.wav", 0.3);
    check(&desk.scan(&tone, &[]), 0, "");
    let out = desk.path("out");
    check(&desk.attune(&["codebook", "look", "rf13", out.to_str().unwrap()]), 0, "0 places to look at by hand");
    check(&desk.attune(&["codebook", "look", "rs03", out.to_str().unwrap()]), 0, "0 places found by its rules");
}

#[test]
fn every_result_tells_which_codebook_it_is_from() {
    let desk = Desk::new();
    let tone = desk.wav("tone.wav", 0.3);
    let origin = || attune::session::read(&desk.path("out")).unwrap().origin;
    check(&desk.scan(&tone, &[]), 0, "");
    let built_in = origin();
    assert!(built_in.codebook_version.starts_with("paper "), "{}", built_in.codebook_version);
    let own = desk.path("own");
    let own = own.to_str().unwrap();
    check(&desk.attune(&["codebook", "new", own]), 0, "");
    check(&desk.scan(&tone, &["--codebook", own]), 0, "");
    let with_own = origin();
    assert_eq!(with_own.codebook_version, "own 1");
    assert_ne!(with_own.codebook, built_in.codebook);
}
