//! The feed-forward widths of a layer.

/// The widths that a feed-forward product may lead to, in order, in elements.
pub const FEED_FORWARD_WIDTHS: [u32; 6] = [256, 512, 1024, 2048, 3072, 4096];

/// The most widths of a stack.
pub const LONGEST_STACK: usize = 3;

const WIDTHS: u32 = FEED_FORWARD_WIDTHS.len() as u32;

/// One to three feed-forward widths, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stack {
    length: u8,
    /// Widths; 0 from `length` on, so that equal stacks are equal.
    widths: [u32; LONGEST_STACK],
}

impl Stack {
    /// How many there are: 6 of one width, 36 of two, 216 of three.
    pub const ALL: u32 = 258;

    /// The stack of these positions in [`FEED_FORWARD_WIDTHS`]; `None` if there are none, more than three, or one is too large.
    #[must_use]
    pub fn of_positions(positions: &[usize]) -> Option<Self> {
        if !(1..=LONGEST_STACK).contains(&positions.len()) {
            return None;
        }
        let mut widths = [0; LONGEST_STACK];
        for (width, &position) in widths.iter_mut().zip(positions) {
            *width = *FEED_FORWARD_WIDTHS.get(position)?;
        }
        Some(Self {
            length: positions.len() as u8,
            widths,
        })
    }

    /// The stack of these widths; `None` if there is none in the space.
    #[must_use]
    pub fn of_widths(widths: &[u32]) -> Option<Self> {
        let position = |width| FEED_FORWARD_WIDTHS.iter().position(|known| known == width);
        let positions: Option<Vec<usize>> = widths.iter().take(LONGEST_STACK + 1).map(position).collect();
        Self::of_positions(&positions?)
    }

    /// The stack with this index in the published order: by length, then lexicographically; `None` from [`ALL`](Self::ALL) on.
    #[must_use]
    pub fn of_index(index: u32) -> Option<Self> {
        let mut rank = index;
        for length in 1..=LONGEST_STACK {
            let all = WIDTHS.pow(length as u32);
            if rank < all {
                let mut positions = [0; LONGEST_STACK];
                for position in positions[..length].iter_mut().rev() {
                    *position = (rank % WIDTHS) as usize;
                    rank /= WIDTHS;
                }
                return Self::of_positions(&positions[..length]);
            }
            rank -= all;
        }
        None
    }

    /// The stack's index in the published order, below [`ALL`](Self::ALL).
    #[must_use]
    pub fn index(&self) -> u32 {
        let shorter: u32 = (1..u32::from(self.length)).map(|length| WIDTHS.pow(length)).sum();
        let digits = (0..self.len()).map(|place| self.position(place) as u32);
        shorter + digits.fold(0, |rank, digit| rank * WIDTHS + digit)
    }

    /// The widths, in elements.
    #[must_use]
    pub fn widths(&self) -> &[u32] {
        &self.widths[..self.len()]
    }

    /// How many widths there are, from 1 to 3.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "a stack is never empty")]
    pub fn len(&self) -> usize {
        usize::from(self.length)
    }

    /// The position in [`FEED_FORWARD_WIDTHS`] of the width at `place`; 0 beyond the last.
    #[must_use]
    pub fn position(&self, place: usize) -> usize {
        let width = self.widths.get(place);
        let known = FEED_FORWARD_WIDTHS.iter().position(|known| Some(known) == width);
        known.unwrap_or(0)
    }

    /// The stack with another width at `place`; itself if there is no such place or position.
    #[must_use]
    pub fn with_position(mut self, place: usize, position: usize) -> Self {
        if place < self.len()
            && let Some(&width) = FEED_FORWARD_WIDTHS.get(position)
        {
            self.widths[place] = width;
        }
        self
    }

    /// The stack cut to `length`, or with its last width copied until it is as long; within 1 to 3.
    #[must_use]
    pub fn resized(mut self, length: usize) -> Self {
        let length = length.clamp(1, LONGEST_STACK);
        let last = self.widths[self.len() - 1];
        for (place, width) in self.widths.iter_mut().enumerate() {
            if place >= length {
                *width = 0;
            } else if *width == 0 {
                *width = last;
            }
        }
        self.length = length as u8;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_is_one_stack() {
        let mut before: Option<(usize, Vec<u32>)> = None;
        for index in 0..Stack::ALL {
            let stack = Stack::of_index(index).unwrap();
            assert_eq!(stack.index(), index);
            assert_eq!(Stack::of_widths(stack.widths()), Some(stack));
            let order = (stack.len(), stack.widths().to_vec());
            assert!(before.is_none_or(|before| before < order), "{index}");
            before = Some(order);
        }
        assert_eq!(Stack::of_index(Stack::ALL), None);
        assert_eq!(Stack::of_widths(&[]), None);
        assert_eq!(Stack::of_widths(&[256, 300]), None);
        assert_eq!(Stack::of_widths(&[256; 4]), None);
    }

    #[test]
    fn stacks_grow_by_copies_and_shrink_at_the_end() {
        let stack = Stack::of_widths(&[256, 4096]).unwrap();
        assert_eq!(stack.resized(3).widths(), [256, 4096, 4096]);
        assert_eq!(stack.resized(1), Stack::of_widths(&[256]).unwrap());
        assert_eq!(stack.resized(9).len(), 3);
        assert_eq!(stack.with_position(1, 0).widths(), [256, 256]);
        assert_eq!(stack.with_position(2, 0), stack);
        assert_eq!(stack.with_position(0, 6), stack);
    }
}
