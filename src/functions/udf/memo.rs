//! Remembers what was compiled from literals: a plan calls a function once a batch, always with the same ones.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// More entries than any mapping has columns; past it the memory is cleared, which costs only time.
const LIMIT: usize = 4096;

/// Compiled things by the text they were compiled from.
#[derive(Debug)]
pub struct Memo<T> {
    entries: RwLock<HashMap<String, Arc<T>>>,
}

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self { entries: RwLock::default() }
    }
}

impl<T> Memo<T> {
    /// What `text` compiles to; `compile` runs only the first time.
    pub fn get<E>(&self, text: &str, compile: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E> {
        if let Some(found) = self.entries.read().unwrap_or_else(PoisonError::into_inner).get(text) {
            return Ok(Arc::clone(found));
        }
        let made = Arc::new(compile()?);
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= LIMIT {
            entries.clear();
        }
        entries.insert(text.to_owned(), Arc::clone(&made));
        Ok(made)
    }
}
