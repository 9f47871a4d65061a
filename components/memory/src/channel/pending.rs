//! Which blocks have requests under way.

/// A map from block numbers to how many requests are under way, and the first of them.
///
/// Open addressing with linear probing; deletion shifts entries back, so it needs no tombstones. It is
/// looked up once or twice a request and its order is never observed.
#[derive(Clone, Debug)]
pub(super) struct PendingBlocks {
    slots: Vec<Slot>,
    entries: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    block: u64,
    count: u32,
    head: u32,
}

impl PendingBlocks {
    pub(super) fn new() -> Self {
        Self {
            slots: vec![Slot::default(); 64],
            entries: 0,
        }
    }

    #[inline]
    fn home(&self, block: u64) -> usize {
        // Fibonacci hashing: the high bits of the product are well mixed.
        let bits = self.slots.len().trailing_zeros();
        (block.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - bits)) as usize
    }

    #[inline]
    fn find(&self, block: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = self.home(block);
        while self.slots[at].count != 0 && self.slots[at].block != block {
            at = (at + 1) & mask;
        }
        at
    }

    #[inline]
    pub(super) fn contains(&self, block: u64) -> bool {
        self.entries != 0 && self.slots[self.find(block)].count != 0
    }

    /// The first request of `block`, if there is one.
    #[inline]
    pub(super) fn head(&self, block: u64) -> Option<u32> {
        let slot = &self.slots[self.find(block)];
        (slot.count != 0).then_some(slot.head)
    }

    /// Notes one more request of `block`; `head` is kept if it is the first.
    #[inline]
    pub(super) fn add(&mut self, block: u64, head: u32) {
        if self.entries * 2 >= self.slots.len() {
            self.grow();
        }
        let at = self.find(block);
        let slot = &mut self.slots[at];
        if slot.count == 0 {
            *slot = Slot {
                block,
                count: 0,
                head,
            };
            self.entries += 1;
        }
        slot.count += 1;
    }

    /// Takes one request of `block` away.
    #[inline]
    pub(super) fn remove(&mut self, block: u64) {
        let at = self.find(block);
        match self.slots[at].count {
            0 => {}
            1 => self.vacate(at),
            _ => self.slots[at].count -= 1,
        }
    }

    fn vacate(&mut self, mut hole: usize) {
        let mask = self.slots.len() - 1;
        self.entries -= 1;
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            if self.slots[at].count == 0 {
                break;
            }
            // An entry may move back only if its home does not lie after the hole.
            let home = self.home(self.slots[at].block);
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(hole) & mask) {
                self.slots[hole] = self.slots[at];
                hole = at;
            }
        }
        self.slots[hole] = Slot::default();
    }

    #[cold]
    fn grow(&mut self) {
        let bigger = vec![Slot::default(); self.slots.len() * 2];
        for slot in std::mem::replace(&mut self.slots, bigger) {
            if slot.count != 0 {
                let at = self.find(slot.block);
                self.slots[at] = slot;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::PendingBlocks;

    #[test]
    fn agrees_with_an_ordered_map() {
        let mut table = PendingBlocks::new();
        let mut model: BTreeMap<u64, u32> = BTreeMap::new();
        for step in 0..20_000u64 {
            let block = sim_core::random::draw(1, step) % 97 * 64;
            if sim_core::random::draw(2, step).is_multiple_of(2) {
                table.add(block, 7);
                *model.entry(block).or_default() += 1;
            } else {
                table.remove(block);
                if let Some(count) = model.get_mut(&block) {
                    *count = count.saturating_sub(1);
                }
            }
            for (block, count) in &model {
                assert_eq!(table.contains(*block), *count > 0);
            }
        }
    }
}
