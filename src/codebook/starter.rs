//! The files with which a study's own codebook begins.

/// Each file's name and text: one commented code, and what to do with it. The settings are those of the program, under
/// another name.
pub fn starter(settings: &str) -> Vec<(&'static str, String)> {
    let own = |line: &str| match line.split_once(" = ").map(|(key, _)| key) {
        Some("name") => "name = \"own\"".to_owned(),
        Some("version") => "version = 1".to_owned(),
        _ => line.to_owned(),
    };
    let settings: Vec<String> = settings.lines().map(own).collect();
    vec![
        ("README.md", include_str!("starter/README.md").to_owned()),
        ("codebook.toml", format!("{}\n", settings.join("\n"))),
        ("my01_first_code.toml", include_str!("starter/my01_first_code.toml").to_owned()),
    ]
}
