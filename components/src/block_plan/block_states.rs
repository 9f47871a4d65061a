//! What the plan knows of the blocks of a tensor. Only blocks that are in a buffer, or have been made or saved, take memory: others
//! are at rest, and a page of such blocks is given back.

use super::step::{Move, StayNumber};
use crate::operation::Footprint;

/// Blocks of a page, and pages of a book, as powers of two.
const PAGE: u32 = 4;
const BOOK: u32 = 6;

/// What the plan knows of a block.
#[derive(Clone, Debug)]
pub(super) struct BlockState {
    /// Its stay in the buffer, if it is there.
    pub(super) stay: Option<StayNumber>,
    /// What it takes there.
    pub(super) footprint: Footprint,
    /// Where main memory holds the same, and the step before which it was written there.
    /// Few blocks are, so these are kept apart.
    pub(super) saved: Option<Box<(Move, u32)>>,
    /// Whether it was made, in part or whole.
    pub(super) begun: bool,
    /// Whether all sums of it are final.
    pub(super) complete: bool,
    /// The last step that used it.
    pub(super) used_by: Option<u32>,
    /// The place of its next use: see `NextUse`.
    pub(super) next_use: u64,
}

impl BlockState {
    /// Of a block that nothing has been done to.
    const REST: Self = Self {
        stay: None,
        footprint: Footprint::NOTHING,
        saved: None,
        begun: false,
        complete: false,
        used_by: None,
        next_use: 0,
    };

    /// Whether nothing needs to be known of it.
    fn is_at_rest(&self) -> bool {
        self.stay.is_none() && self.saved.is_none() && !self.begun
    }
}

/// States of consecutive blocks.
type Page = Option<Box<[BlockState]>>;

/// The states of a tensor's blocks, by their numbers.
#[derive(Clone, Debug)]
pub(super) struct BlockStates {
    blocks: u32,
    pages: Pages,
}

#[derive(Clone, Debug)]
enum Pages {
    /// Of a tensor of few blocks.
    One(Page),
    Books(Vec<Option<Box<[Page]>>>),
}

impl BlockStates {
    /// Of `blocks` blocks at rest.
    pub(super) fn new(blocks: u32) -> Self {
        let books = || vec![None; (blocks as usize).div_ceil(1 << (PAGE + BOOK))];
        Self {
            blocks,
            pages: match blocks <= 1 << PAGE {
                true => Pages::One(None),
                false => Pages::Books(books()),
            },
        }
    }

    /// How many blocks there are.
    pub(super) fn len(&self) -> u32 {
        self.blocks
    }

    /// The state of block number `index`; at rest if there is no such block.
    #[inline]
    pub(super) fn get(&self, index: u32) -> &BlockState {
        if index >= self.blocks {
            return &BlockState::REST;
        }
        let page = match &self.pages {
            Pages::One(page) => page.as_ref(),
            Pages::Books(books) => {
                let book = books.get((index >> (PAGE + BOOK)) as usize);
                book.and_then(Option::as_ref)
                    .and_then(|pages| pages[page_of(index)].as_ref())
            }
        };
        page.map_or(&BlockState::REST, |states| &states[place_of(index)])
    }

    /// The same, to be changed; `None` if there is no such block.
    #[inline]
    pub(super) fn get_mut(&mut self, index: u32) -> Option<&mut BlockState> {
        if index >= self.blocks {
            return None;
        }
        let few = self.blocks.min(1 << PAGE) as usize;
        let states = self.page_mut(index).get_or_insert_with(|| new_page(few));
        Some(&mut states[place_of(index)])
    }

    /// Forgets what was known of block number `index`, and gives its page back if all of it is at rest.
    pub(super) fn forget(&mut self, index: u32) {
        if let Some(state) = self.get_mut(index) {
            *state = BlockState::REST;
        }
        self.release(index);
    }

    /// Gives the page of block number `index` back if all of it is at rest.
    pub(super) fn release(&mut self, index: u32) {
        if index >= self.blocks {
            return;
        }
        let page = self.page_mut(index);
        let is_at_rest = |states: &[BlockState]| states.iter().all(BlockState::is_at_rest);
        if !page.as_ref().is_some_and(|states| is_at_rest(states)) {
            return;
        }
        *page = None;
        if let Pages::Books(books) = &mut self.pages
            && let Some(book) = books.get_mut((index >> (PAGE + BOOK)) as usize)
            && book
                .as_ref()
                .is_some_and(|pages| pages.iter().all(Option::is_none))
        {
            *book = None;
        }
    }

    /// Blocks that are not at rest, and their states.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &BlockState)> {
        let pages: Box<dyn Iterator<Item = (u32, &[BlockState])>> = match &self.pages {
            Pages::One(page) => Box::new(page.iter().map(|states| (0, &**states))),
            Pages::Books(books) => {
                let books = (0..)
                    .zip(books)
                    .filter_map(|(number, book)| Some((number, book.as_ref()?)));
                Box::new(books.flat_map(|(book, pages)| {
                    (0..).zip(pages).filter_map(move |(number, page): (u32, _)| {
                        Some((((book << BOOK) + number) << PAGE, &**page.as_ref()?))
                    })
                }))
            }
        };
        pages.flat_map(|(first, states)| (first..).zip(states))
    }

    fn page_mut(&mut self, index: u32) -> &mut Page {
        match &mut self.pages {
            Pages::One(page) => page,
            Pages::Books(books) => {
                let book = &mut books[(index >> (PAGE + BOOK)) as usize];
                let pages = book.get_or_insert_with(|| vec![None; 1 << BOOK].into());
                &mut pages[page_of(index)]
            }
        }
    }
}

fn new_page(blocks: usize) -> Box<[BlockState]> {
    vec![BlockState::REST; blocks].into()
}

fn page_of(index: u32) -> usize {
    (index >> PAGE) as usize & ((1 << BOOK) - 1)
}

fn place_of(index: u32) -> usize {
    index as usize & ((1 << PAGE) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_given_back_once_all_of_it_is_at_rest() {
        for blocks in [5, 16, 17, 5_000] {
            let mut states = BlockStates::new(blocks);
            for index in [0, 3, blocks - 1] {
                states.get_mut(index).unwrap().begun = true;
            }
            let mut known: Vec<u32> = states
                .iter()
                .filter(|(_, state)| state.begun)
                .map(|(index, _)| index)
                .collect();
            known.dedup();
            assert_eq!(known, [0, 3, blocks - 1], "{blocks} blocks");
            for index in [0, blocks - 1, 3] {
                assert!(states.get(index).begun);
                states.forget(index);
                assert!(!states.get(index).begun);
            }
            assert_eq!(states.iter().count(), 0, "{blocks} blocks");
            assert!(states.get_mut(blocks).is_none() && !states.get(blocks + 16).begun);
        }
    }
}
