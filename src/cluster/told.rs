//! What a scheduler says of a job that failed, read for what is wrong with the data: Ballista tells errors in the words in which
//! programmers see them.

use datafusion::error::DataFusionError;

use crate::cluster::error::{Error, Trouble};

/// What stands before the error of a task that ran.
const OF_TASK: &str = "runtime execution error: ";

/// Errors of a row's values, and how the engine says them at home.
const OF_ROWS: &[(&str, &str)] = &[
    ("DivideByZero", "Divide by zero error"),
    ("ArithmeticOverflow", "Arithmetic overflow: "),
    ("CastError", "Cast error: "),
    ("ComputeError", "Compute error: "),
    ("InvalidArgumentError", "Invalid argument error: "),
    ("ParseError", "Parser error: "),
];

/// The error that `text` tells of the job `job`.
pub(super) fn error(job: &str, text: &str) -> Error {
    let found = Trouble::in_text(text).map(Error::from).or_else(|| of_row(text)).or_else(|| of_memory(text));
    found.unwrap_or_else(|| Error::cluster(format!("job {job} failed: {}", text.trim_end_matches("\\n"))))
}

fn of_row(text: &str) -> Option<Error> {
    let (_, error) = text.split_once(OF_TASK)?.1.split_once("ArrowError(")?;
    let (_, words) = OF_ROWS.iter().find(|(name, _)| error.starts_with(name))?;
    let detail = if words.ends_with(' ') { quoted(error)? } else { String::new() };
    Some(Error::Engine(DataFusionError::Execution(format!("{words}{detail}"))))
}

fn of_memory(text: &str) -> Option<Error> {
    let (_, error) = text.split_once(OF_TASK)?.1.split_once("ResourcesExhausted(")?;
    Some(Error::Engine(DataFusionError::ResourcesExhausted(format!("on an executor: {}", quoted(error)?))))
}

/// The first text in quotes.
fn quoted(text: &str) -> Option<String> {
    let mut parts = serde_json::Deserializer::from_str(&text[text.find('"')?..]).into_iter::<String>();
    parts.next()?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_row_did_is_told_as_at_home() {
        let text = "Job failed due to stage 1 failed: Task failed due to runtime execution error: \
                    DataFusionError(Shared(External(ArrowError(DivideByZero))))\\n";
        assert!(
            matches!(error("1", text), Error::Engine(DataFusionError::Execution(why)) if why == "Divide by zero error")
        );
        let text = "runtime execution error: DataFusionError(ArrowError(CastError(\"Cannot cast string 'x' to value \
                    of Int64 type\"), Some(\"\")))";
        let told = error("1", text);
        let Error::Engine(DataFusionError::Execution(why)) = told else { panic!("{told:?}") };
        assert_eq!(why, "Cast error: Cannot cast string 'x' to value of Int64 type");
        let text = "runtime execution error: ResourcesExhausted(\"Failed to allocate\")";
        assert!(matches!(error("1", text), Error::Engine(DataFusionError::ResourcesExhausted(_))));
    }

    #[test]
    fn what_an_executor_did_may_go_better_another_time() {
        for text in [
            "Job failed due to stage 1 failed: executor lost",
            "runtime execution error: DataFusionError(ArrowError(IoError(\"no space left\", Os { code: 28 })))",
            "runtime execution error: CastError",
        ] {
            assert!(error("1", text).is_passing(), "{text}");
        }
    }
}
