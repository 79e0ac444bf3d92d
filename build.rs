//! The page is built by `scripts/setup.sh` into `web/dist`, which this crate then embeds; without it the program builds too.

fn main() {
    // A folder that is not there would make every build a fresh one.
    _ = std::fs::create_dir_all("web/dist");
    println!("cargo:rerun-if-changed=web/dist");
    println!("cargo:rerun-if-changed=build.rs");
}
