//! Asks the linker to keep one of several functions that are the same instruction by instruction: generic code has thousands.

use std::env::var;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = ["OS", "ARCH", "ENV"].map(|part| var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default());
    // The linker that Rust brings along for this platform can; others stop at a word they do not know.
    let flags = var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let is_chosen = var("RUSTC_LINKER").is_ok() || flags.contains("link");
    let brought_along = target == ["linux", "x86_64", "gnu"] && !is_chosen;
    if brought_along && var("PROFILE").as_deref() == Ok("release") {
        println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
    }
}
