//! What became of values that a column held before: where few values fill many cells, each is judged once.

/// Values remembered; a power of two.
const VALUES: usize = 64;

/// Values met in vain, beyond four times those found again, after which a column is taken to hold few twice.
const PATIENCE: u32 = 256;

/// The values of one batch that took the long road, by their views: views that are the same are the same value.
#[derive(Debug, Default)]
pub struct Met<T> {
    /// Empty until the first.
    values: Vec<(u128, T)>,
    in_vain: u32,
}

impl<T: Copy + Default> Met<T> {
    /// Forgets all values; also that there were none to be found again.
    pub fn clear(&mut self) {
        self.values.fill((0, T::default()));
        self.in_vain = 0;
    }

    /// What a value with this view became.
    #[inline]
    pub fn find(&mut self, view: u128) -> Option<T> {
        let (held, made) = self.values.get(place(view))?;
        // Nothing is kept of the empty view.
        if *held != view || view == 0 {
            return None;
        }
        self.in_vain = self.in_vain.saturating_sub(4);
        Some(*made)
    }

    /// Remembers what a value became.
    #[inline]
    pub fn keep(&mut self, view: u128, made: T) {
        if self.in_vain > PATIENCE {
            self.values.clear();
            return;
        }
        if self.values.is_empty() {
            self.values.resize(VALUES, (0, T::default()));
        }
        self.in_vain += 1;
        self.values[place(view)] = (view, made);
    }
}

/// Any bit of the view may tell it from others.
fn place(view: u128) -> usize {
    let word = (view ^ view >> 64) as u64;
    (word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - VALUES.ilog2())) as usize
}
