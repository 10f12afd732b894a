//! Which liquidation moved the mark that breached whom: cases as trees.
//!
//! A case's parent is the case whose order made the last trades before the mark event after which the account rose to
//! its last tier, if that mark moved the way the order pushed (down for a sale). Such a tier change follows the mark
//! event within the same command. Everything else that breaches an account (others' trades, an index, a withdrawal, a
//! margin raise) makes a root.

use super::by_account::ByAccount;
use plimsoll_types::{AccountId, Price, Side, Ts};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Cases whose place in a tree is kept for drawing: the first of a run.
pub const NODES_MAX: usize = 100_000;
/// Trees whose size is followed. Beyond, the small ones are forgotten: roots and driven cases stay exact.
const TREES_MAX: usize = 50_000;

/// A case as a mover of marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mover {
    /// Which case.
    pub case: u32,
    /// The root of its tree.
    pub root: u32,
    /// Its steps from there.
    pub depth: u32,
}

/// A case in its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Which case.
    pub case: u32,
    /// The case that breached it; itself for a root.
    pub parent: u32,
    /// The root of its tree.
    pub root: u32,
    /// Steps from there.
    pub depth: u32,
    /// When it began.
    pub ts: Ts,
    /// Lots it traded.
    pub lots: u64,
}

/// A tree of cases, each breached by a mark that one before had moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tree {
    /// Its first case.
    pub root: u32,
    /// How many.
    pub cases: u64,
    /// Most steps from the root.
    pub depth: u32,
    /// Lots they traded.
    pub lots: u64,
    /// When the first began.
    pub from: Ts,
    /// When the last began.
    pub to: Ts,
}

/// What the last trades of an instrument say about its next mark.
#[derive(Clone, Copy, Debug)]
struct Pressure {
    mark: Price,
    /// Of the last trade since the mark: the case behind it and its side; `None` = somebody else.
    last: Option<(Mover, Side)>,
    /// Whether trades make the mark.
    by_trades: bool,
}

/// All trees of a run.
#[derive(Clone, Debug)]
pub struct Cascade {
    pressures: Vec<Pressure>,
    /// The case that made the mark event before, while only its consequences follow.
    mover: Option<Mover>,
    /// What brought each account to its tier.
    causes: ByAccount<Option<Mover>>,
    trees: BTreeMap<u32, Tree>,
    /// Cases in their trees, by number: the first of the run.
    pub nodes: Vec<Node>,
    /// Cases that no liquidation had breached.
    pub roots: u64,
    /// Cases breached by a mark that a liquidation had moved.
    pub driven: u64,
    /// Most steps from a root.
    pub depth_max: u32,
    /// Cases by steps from their root.
    pub by_depth: Vec<u64>,
}

/// Steps counted apart; deeper cases are counted with the last.
const DEPTHS_MAX: usize = 1_000;

impl Cascade {
    /// Nobody is breached yet. `instruments`: the mark of each, and whether trades make it.
    pub fn new(instruments: impl Iterator<Item = (Price, bool)>) -> Cascade {
        let pressure = |(mark, by_trades)| Pressure { mark, last: None, by_trades };
        Cascade {
            pressures: instruments.map(pressure).collect(),
            mover: None,
            causes: ByAccount::default(),
            trees: BTreeMap::new(),
            nodes: Vec::new(),
            roots: 0,
            driven: 0,
            depth_max: 0,
            by_depth: Vec::new(),
        }
    }

    /// A trade in the book: `taker` = the case behind its later order, with its side.
    #[inline]
    pub(super) fn trade(&mut self, instrument: usize, taker: Option<(Mover, Side)>) {
        self.mover = None;
        if let Some(pressure) = self.pressures.get_mut(instrument) {
            pressure.last = taker;
        }
    }

    /// A mark event; returns by how many ticks it moved, and the case that moved it.
    #[inline]
    pub(super) fn mark(&mut self, instrument: usize, price: Price) -> (i64, Option<Mover>) {
        let Some(pressure) = self.pressures.get_mut(instrument) else { return (0, None) };
        let moved = price.ticks() - pressure.mark.ticks();
        pressure.mark = price;
        let last = pressure.last.take().filter(|_| pressure.by_trades);
        self.mover = last.filter(|(_, side)| side.sign() * moved > 0).map(|(mover, _)| mover);
        (moved, self.mover)
    }

    /// Something else than a consequence of the mark: who rises from here on does so for another reason.
    #[inline]
    pub(super) fn other(&mut self) {
        self.mover = None;
    }

    /// An account changed its tier.
    pub(super) fn tier(&mut self, account: AccountId, from: u8, to: u8) {
        if to > from {
            *self.causes.entry(account) = self.mover;
        } else if to == 0 {
            *self.causes.entry(account) = None;
        }
    }

    /// A case begins for want of funds, or (`breach` false) for another reason.
    pub(super) fn begin(&mut self, case: u32, account: AccountId, breach: bool, ts: Ts) -> Node {
        let cause = self.causes.get(&account).copied().flatten().filter(|_| breach);
        let node = match cause {
            None => Node { case, parent: case, root: case, depth: 0, ts, lots: 0 },
            Some(Mover { case: parent, root, depth }) => {
                Node { case, parent, root, depth: depth + 1, ts, lots: 0 }
            }
        };
        match cause {
            None => self.roots += 1,
            Some(_) => self.driven += 1,
        }
        self.depth_max = self.depth_max.max(node.depth);
        let at = (node.depth as usize).min(DEPTHS_MAX - 1);
        self.by_depth.resize(self.by_depth.len().max(at + 1), 0);
        self.by_depth[at] += 1;
        if self.nodes.len() < NODES_MAX {
            self.nodes.push(node);
        }
        self.grow(&node);
        node
    }

    fn grow(&mut self, node: &Node) {
        let fresh =
            Tree { root: node.root, cases: 0, depth: 0, lots: 0, from: node.ts, to: node.ts };
        let tree = self.trees.entry(node.root).or_insert(fresh);
        tree.cases += 1;
        tree.depth = tree.depth.max(node.depth);
        tree.to = node.ts;
        if self.trees.len() > TREES_MAX {
            let mut sizes: Vec<_> =
                self.trees.values().map(|tree| (Reverse(tree.cases), Reverse(tree.root))).collect();
            sizes.sort_unstable();
            for (_, Reverse(root)) in sizes.drain(TREES_MAX / 2..) {
                self.trees.remove(&root);
            }
        }
    }

    /// Lots that a case traded.
    pub(super) fn fill(&mut self, case: u32, root: u32, lots: u64) {
        if let Some(tree) = self.trees.get_mut(&root) {
            tree.lots += lots;
        }
        if let Ok(at) = self.nodes.binary_search_by_key(&case, |node| node.case) {
            self.nodes[at].lots += lots;
        }
    }

    /// The largest trees: by cases, then by lots, then the earliest.
    pub fn largest(&self, count: usize) -> Vec<Tree> {
        let mut trees: Vec<Tree> = self.trees.values().copied().collect();
        trees.sort_by_key(|tree| (Reverse(tree.cases), Reverse(tree.lots), tree.root));
        trees.truncate(count);
        trees
    }

    /// The cases of a tree that are kept, in the order in which they began.
    pub fn members(&self, root: u32) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(move |node| node.root == root)
    }
}
