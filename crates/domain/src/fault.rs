//! What is wrong with a request, field by field: each fault names its place by a JSON Pointer (RFC 6901), and
//! all faults of a request are told at once.
//!
//! Bounds: at most [`Faults::LISTED_MAX`] faults are listed, and a name in a pointer is cut after
//! [`Path::NAME_CHARS_MAX`] characters, so that a hostile body cannot make its refusal many times its own size.

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where: a JSON Pointer (RFC 6901); the empty text is the whole document.
    pub pointer: String,
    /// Which kind of wrong it is.
    pub kind: FaultKind,
    /// What is wrong with what stands there, as the end of a sentence that begins with the place:
    /// `must be a string, not a number`.
    pub detail: String,
}

/// The kinds of faults that callers tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// A value is missing, of the wrong type, or not one that the field takes.
    Invalid,
    /// A member that the contract does not know, or that the server alone sets.
    UnknownField,
    /// A member name that stands twice in one object.
    DuplicateMember,
}

/// Collects the faults of one request.
#[derive(Debug, Default)]
pub struct Faults {
    listed: Vec<Fault>,
    unlisted: usize,
}

impl Faults {
    /// How many faults are listed; the last of them says how many more there are.
    pub const LISTED_MAX: usize = 100;

    /// Adds a fault of `kind` at `at`.
    ///
    /// The list holds an `Invalid` fault if there is one at all, because that decides how the request is refused:
    /// the first that comes after the list is full takes the last place.
    pub fn add(&mut self, at: &Path<'_>, kind: FaultKind, detail: impl Into<String>) {
        let full = self.listed.len() == Self::LISTED_MAX;
        self.unlisted += usize::from(full);
        if full && (kind != FaultKind::Invalid || self.holds(FaultKind::Invalid)) {
            return;
        }
        if full {
            self.listed.pop();
        }
        self.listed.push(Fault { pointer: at.pointer(), kind, detail: detail.into() });
    }

    /// Adds the fault that the value at `at` is not one that its field takes.
    pub fn invalid(&mut self, at: &Path<'_>, detail: impl Into<String>) {
        self.add(at, FaultKind::Invalid, detail);
    }

    /// Has nothing been found wrong?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// The faults in the order in which they were found.
    #[must_use]
    pub fn into_list(mut self) -> Vec<Fault> {
        if let (Some(last), 1..) = (self.listed.last_mut(), self.unlisted) {
            last.detail.push_str(&format!(" (and {} more faults that are not listed)", self.unlisted));
        }
        self.listed
    }

    fn holds(&self, kind: FaultKind) -> bool {
        self.listed.iter().any(|fault| fault.kind == kind)
    }
}

/// A place in a JSON document, from the inside out. Lives on the stack of whoever walks the document and costs
/// nothing until a fault needs its pointer.
#[derive(Debug, Clone, Copy)]
pub enum Path<'p> {
    /// The document itself.
    Root,
    /// A member of an object.
    Member(&'p Path<'p>, &'p str),
    /// An item of a list, counted from 0.
    Item(&'p Path<'p>, usize),
}

impl<'p> Path<'p> {
    /// How many characters of a member name a pointer shows; a longer name ends in `…` instead. Every name of the
    /// contract is far shorter.
    pub const NAME_CHARS_MAX: usize = 64;

    /// The member `name` of the object here.
    #[must_use]
    pub fn member(&'p self, name: &'p str) -> Self {
        Self::Member(self, name)
    }

    /// The item `index` of the list here.
    #[must_use]
    pub fn item(&'p self, index: usize) -> Self {
        Self::Item(self, index)
    }

    /// The JSON Pointer (RFC 6901) of this place.
    #[must_use]
    pub fn pointer(&self) -> String {
        let mut pointer = String::new();
        self.write(&mut pointer);
        pointer
    }

    fn write(&self, pointer: &mut String) {
        match self {
            Self::Root => {}
            Self::Member(parent, name) => {
                parent.write(pointer);
                pointer.push('/');
                write_name(name, pointer);
            }
            Self::Item(parent, index) => {
                parent.write(pointer);
                pointer.push('/');
                pointer.push_str(&index.to_string());
            }
        }
    }
}

fn write_name(name: &str, pointer: &mut String) {
    let mut chars = name.chars();
    for character in chars.by_ref().take(Path::NAME_CHARS_MAX) {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            plain => pointer.push(plain),
        }
    }
    if !chars.as_str().is_empty() {
        pointer.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_are_those_of_rfc_6901() {
        let root = Path::Root;
        let list = root.member("a/b~c");
        assert_eq!(root.pointer(), "");
        assert_eq!(list.item(10).member("").pointer(), "/a~1b~0c/10/");
        assert_eq!(root.member("é \"").pointer(), "/é \"");
    }

    #[test]
    fn a_long_name_is_cut() {
        let name = "é".repeat(65);
        assert_eq!(Path::Root.member(&name[..128]).pointer(), format!("/{}", "é".repeat(64)));
        assert_eq!(Path::Root.member(&name).pointer(), format!("/{}…", "é".repeat(64)));
    }

    #[test]
    fn the_last_listed_fault_says_how_many_are_not() {
        let mut faults = Faults::default();
        for index in 0..103 {
            faults.invalid(&Path::Root.item(index), "is wrong");
        }
        let list = faults.into_list();
        assert_eq!(list.len(), Faults::LISTED_MAX);
        assert_eq!(list[98].detail, "is wrong");
        assert_eq!(list[99].pointer, "/99");
        assert_eq!(list[99].detail, "is wrong (and 3 more faults that are not listed)");
    }

    #[test]
    fn an_invalid_value_is_listed_even_when_it_comes_late() {
        let mut faults = Faults::default();
        for index in 0..150 {
            faults.add(&Path::Root.item(index), FaultKind::UnknownField, "is unknown");
        }
        faults.invalid(&Path::Root.member("late"), "is wrong");
        faults.invalid(&Path::Root.member("later"), "is wrong");
        let list = faults.into_list();
        assert_eq!((list.len(), list[99].pointer.as_str()), (100, "/late"));
        assert_eq!(list[99].detail, "is wrong (and 52 more faults that are not listed)");
    }
}
