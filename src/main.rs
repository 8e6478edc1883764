//! The command `tanguero`: everything is in the library.

fn main() -> std::process::ExitCode {
    tanguero::cli::main()
}
