//! What is known of an address before it is known who calls: whether an operator has listed its network, and how much
//! has come from it lately.
//!
//! **Lists** (`networks.rs`). Networks are allowed or blocked; of several that hold an address the most specific
//! counts, and of two entries for the very same network the one that allows. The set is immutable and swapped whole:
//! a look-up is one binary search and takes no lock.
//!
//! **Rates** (`window.rs`). A rule admits so many requests of one source in *any* window of its length: the next one
//! is refused, at once. A request that is refused is not counted. **Penalties** (`penalty.rs`): whoever goes over is
//! refused for a while, and for twice as long with each time that it comes to that again, until it has behaved for a
//! while. Keys and signatures that are not taken, too often, lead to the same penalties.
//!
//! **Whom it concerns.** By default ([`Counted::Strangers`]) nobody whose key or signature holds: an agency is paced by
//! its plan, and what others do behind the same address must not cost it anything. What is left for rates is whoever
//! shows no key, and whoever looks for something that is not there. With [`Counted::Everybody`] every request counts,
//! and an address that sends too many is refused whatever it shows.
//!
//! **Bounds** (`ledger.rs`). At most [`Addresses::TRACKED_MAX`] sources are remembered, each with at most 130 pieces of
//! 8 bytes per rule: some 20 MB per rule if somebody does their worst. A source that counts for anything is never forgotten
//! to make room for another; while there is no room, newcomers share one account.

mod ledger;
mod lists;
mod networks;
mod penalty;
mod rate_rule;
mod window;

use std::net::IpAddr;

use skybridge_domain::network::{ListedNetwork, Network};
use skybridge_domain::time::Timestamp;

use ledger::Ledger;
use lists::Lists;
pub use lists::{FileLists, Listing, ListingOrigin};
pub use penalty::{Penalised, PenaltyCause, PenaltyTerms};
pub use rate_rule::{InvalidRateRule, RateRule};

/// What is done about something that is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScreenMode {
    /// It is not looked for.
    Off,
    /// It is looked for and told, and the request passes.
    Count,
    /// The request is refused.
    Block,
}

impl ScreenMode {
    const ALL: [Self; 3] = [Self::Off, Self::Count, Self::Block];

    /// Its word: `off`, `count` or `block`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Count => "count",
            Self::Block => "block",
        }
    }

    /// The mode of that word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
}

/// Whose requests the rules on rates count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Those that no key and no signature lets in, but for failures, which the lockout counts.
    Strangers,
    /// All.
    Everybody,
}

/// What an operator has chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressTerms {
    /// What is done about networks that are blocked.
    pub lists: ScreenMode,
    /// What is done about addresses that send too much.
    pub rate: ScreenMode,
    /// Whose requests are counted.
    pub counted: Counted,
    /// How many are taken; at most [`AddressTerms::RULES_MAX`] rules, all of which have to hold.
    pub rules: Vec<RateRule>,
    /// How long who sends too much is refused.
    pub penalties: PenaltyTerms,
    /// Networks that nobody should block without saying that it is meant: the proxies in front.
    pub proxies: Vec<Network>,
}

impl AddressTerms {
    /// How many rules there may be.
    pub const RULES_MAX: usize = 4;
}

impl Default for AddressTerms {
    /// Both refuse; 6,000 requests of strangers in any minute.
    fn default() -> Self {
        Self {
            lists: ScreenMode::Block,
            rate: ScreenMode::Block,
            counted: Counted::Strangers,
            rules: vec![RateRule::DEFAULT],
            penalties: PenaltyTerms::default(),
            proxies: Vec::new(),
        }
    }
}

/// Why blocking a network needs a second word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caution {
    /// It is a great part of all addresses.
    Vast,
    /// It has addresses of a proxy in front, from which everybody's requests come.
    OfProxy(Network),
}

/// The addresses of this process.
pub struct Addresses {
    terms: AddressTerms,
    lists: Lists,
    ledger: Ledger,
}

/// What is known of one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressReport {
    /// The entry that counts for it; `None` if it is not listed.
    pub listing: Option<Listing>,
    /// How much of each rule it has used.
    pub used: Vec<(RateRule, u32)>,
    /// The penalty that it is under.
    pub penalty: Option<Penalised>,
}

impl Addresses {
    /// How many sources are remembered.
    pub const TRACKED_MAX: usize = ledger::TRACKED_MAX;

    pub(crate) fn new(terms: AddressTerms) -> Self {
        Self::tracking(terms, Self::TRACKED_MAX)
    }

    /// Nothing listed and nothing counted yet, with another bound.
    #[must_use]
    pub fn tracking(terms: AddressTerms, tracked_max: usize) -> Self {
        let ledger = Ledger::new(&terms.rules, terms.penalties, tracked_max);
        Self { terms, lists: Lists::default(), ledger }
    }

    /// The same lists under other terms; what was counted is forgotten.
    pub(crate) fn set_terms(&mut self, terms: AddressTerms) {
        self.ledger = Ledger::new(&terms.rules, terms.penalties, Self::TRACKED_MAX);
        self.terms = terms;
    }

    /// What the operator has chosen.
    #[must_use]
    pub fn terms(&self) -> &AddressTerms {
        &self.terms
    }

    /// The entry that counts for `address`; `None` if it is not listed. Takes no lock.
    #[must_use]
    pub fn listing(&self, address: IpAddr, now: Timestamp) -> Option<Listing> {
        self.lists.find(address, now)
    }

    /// Takes the entries that the store has, in place of those it had before.
    pub fn put_stored(&self, listed: Vec<ListedNetwork>) {
        self.lists.put_stored(listed);
    }

    /// Takes the entries that files have, in place of those they had before.
    pub fn put_files(&self, files: FileLists) {
        self.lists.put_files(files);
    }

    /// How many entries there are, expired ones too.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.lists.len()
    }

    /// Does blocking `network` need a second word?
    #[must_use]
    pub fn caution(&self, network: &Network) -> Option<Caution> {
        if network.is_vast() {
            return Some(Caution::Vast);
        }
        let proxy = self.terms.proxies.iter().find(|proxy| proxy.overlaps(network));
        proxy.copied().map(Caution::OfProxy)
    }

    /// Counts a request from `source`, unless it is one too many or the source is under a penalty. Where everybody is
    /// counted, a penalty for failures is passed over: those who show a good key must not pay for it.
    ///
    /// # Errors
    /// Then it is not counted, and the source is told when to come again: whoever comes at that moment passes, if
    /// nobody else has come from there before.
    pub fn count(&self, source: IpAddr, now: Timestamp) -> Result<(), Penalised> {
        self.ledger.count(network_of(source), self.terms.counted, now)
    }

    /// The penalty that `source` is under.
    #[must_use]
    pub fn penalty(&self, source: IpAddr, now: Timestamp) -> Option<Penalised> {
        self.ledger.penalty(network_of(source), now)
    }

    /// Notes that `source` has failed too often, and fails again from `opens_at` on at the earliest. Gives the penalty
    /// for it; `None` if there is no room to remember one.
    pub fn fail(&self, source: IpAddr, opens_at: Timestamp, now: Timestamp) -> Option<Penalised> {
        self.ledger.strike(network_of(source), PenaltyCause::Failures, opens_at, now)
    }

    /// Forgets what `source` has sent, and its penalties. Gives whether there was anything.
    pub fn forgive(&self, source: IpAddr) -> bool {
        self.ledger.forget(network_of(source))
    }

    /// What is known of `address`.
    #[must_use]
    pub fn report(&self, address: IpAddr, now: Timestamp) -> AddressReport {
        let source = network_of(address);
        let used = self.ledger.used(source, now);
        AddressReport {
            listing: self.listing(address, now),
            used: self.terms.rules.iter().copied().zip(used).collect(),
            penalty: self.ledger.penalty(source, now),
        }
    }

    /// How many sources are remembered.
    #[must_use]
    pub fn tracked(&self) -> usize {
        self.ledger.tracked()
    }

    /// The sources that are under a penalty, those first that wait longest.
    #[must_use]
    pub fn penalised(&self, now: Timestamp) -> Vec<(IpAddr, Penalised)> {
        self.ledger.penalised(now)
    }
}

/// What counts as one source: an IPv4 address, or the first 64 bits of an IPv6 address, which is what one customer of
/// a network gets.
pub(crate) fn network_of(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
    }
}
