//! The page for researchers.

use super::*;

#[test]
fn the_weights_on_the_page_are_those_of_the_settings() {
    let mut table = String::from("| family | cue | W | K |\n|---|---|---:|---:|\n");
    for cue in &settings().cue {
        table += &format!("| {} | {} | {:.1} | {:.1} |\n", cue.family, cue.says, cue.withdrawal, cue.confrontation);
    }
    let page = include_str!("../../docs/episodes.md");
    assert!(page.contains(&table), "docs/episodes.md must hold this table:\n{table}");
}
