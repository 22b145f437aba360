//! What goes on next: one thing at a time, drawn by chance.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use skybridge_desk::audit::Operator;
use skybridge_desk::bookings::{BookingFilter, ListBookings};
use skybridge_desk::partners::KeyRequest;
use skybridge_desk::{Desk, Node};
use skybridge_domain::id::BookingId;
use skybridge_domain::key::{Mode, PepperId, Scopes};
use skybridge_gate::Peppers;

use crate::call::{self, Ask, Shown, Visit};
use crate::chance::{Chance, SharedChance};
use crate::clock::StoryClock;
use crate::disk::{Disk, Fate, ProcessStore};
use crate::scene::{self, KEYS, Scene};
use crate::story::{End, Story};
use crate::tasks::Tasks;

/// No story is longer; one that is does not end.
const STEPS_MAX: usize = 20_000;

/// The modes of keys.
pub(crate) const MODES: [Mode; 2] = [Mode::Live, Mode::Test];

/// A story under way.
pub(crate) struct World {
    pub(crate) scene: Scene,
    pub(crate) story: Rc<RefCell<Story>>,
    chance: Chance,
    /// What the desks draw from.
    desks_chance: Arc<SharedChance>,
    clock: Arc<StoryClock>,
    disk: Arc<Disk>,
    processes: Vec<Arc<Desk>>,
    /// The texts of the keys: by agency, then by mode.
    keys: Vec<[String; 2]>,
    tasks: Tasks,
    /// The call that each caller waits for.
    waits_for: Vec<Option<usize>>,
}

/// What stands in the end.
pub(crate) struct Audit {
    /// By agency, mode and key.
    pub(crate) named: Vec<((usize, Mode, u8), Option<Shown>)>,
    /// The bookings that are listed, by agency and mode.
    pub(crate) listed: Vec<((usize, Mode), Vec<BookingId>)>,
}

impl World {
    /// The story of `seed`, before its first step.
    pub(crate) fn of(seed: u64) -> Self {
        let mut chance = Chance::of(seed);
        let scene = Scene::of(&mut chance);
        let desks_chance = Arc::new(SharedChance(Mutex::new(chance.branch())));
        let clock = Arc::new(StoryClock::at(scene.begin));
        let story = Rc::new(RefCell::new(Story::begin(Arc::clone(&clock))));
        let waits_for = scene.callers.iter().map(|_| None).collect();
        let (disk, tasks) = (Arc::new(Disk::default()), Tasks::default());
        let (processes, keys) = (Vec::new(), Vec::new());
        let mut world =
            Self { scene, story, chance, desks_chance, clock, disk, processes, keys, tasks, waits_for };
        world.keys = world.set_scene();
        world.processes = (0..world.scene.processes).map(|process| world.open(process)).collect();
        world
    }

    /// Makes plans, agencies and keys.
    fn set_scene(&self) -> Vec<[String; 2]> {
        let (desk, operator) = (self.open(0), Operator::program());
        self.disk.calmly(async {
            let mut keys = Vec::new();
            for (agency, plan) in &self.scene.agencies {
                let plan_name = plan.name().clone();
                desk.set_plan(&operator, plan.clone()).await.expect("a plan is set");
                desk.create_agency(&operator, agency.clone(), plan_name).await.expect("an agency is made");
                let mut of_modes = Vec::new();
                for mode in MODES {
                    let (name, allowed_cidrs, expires_in) = (None, vec![], None);
                    let request = KeyRequest { mode, name, scopes: Scopes::ALL, allowed_cidrs, expires_in };
                    let issued = desk.issue_key(&operator, agency, request).await.expect("a key is made");
                    of_modes.push(issued.text.reveal().to_owned());
                }
                keys.push(of_modes.try_into().expect("there are two modes"));
            }
            keys
        })
    }

    fn open(&self, process: usize) -> Arc<Desk> {
        let store = Arc::new(ProcessStore { disk: Arc::clone(&self.disk), process });
        let peppers = Peppers::new(PepperId::parse("1").expect("it is an id"), [7; 32]);
        let node = if self.scene.processes == 1 { Node::sole() } else { Node::function(&*self.desks_chance) };
        let (clock, chance) = (Arc::clone(&self.clock), Arc::clone(&self.desks_chance));
        let opened = self.disk.calmly(Desk::open(store, peppers, clock, chance, node));
        Arc::new(opened.expect("the store is there"))
    }

    /// Tells the story to its end.
    pub(crate) fn run(&mut self) -> Result<(), String> {
        for _ in 0..STEPS_MAX {
            if !self.go_on()? {
                return Ok(());
            }
        }
        Err(format!("the story did not end within {STEPS_MAX} steps"))
    }

    /// One step. False: there is none left.
    fn go_on(&mut self) -> Result<bool, String> {
        match self.chance.below(100) {
            0..2 if self.scene.roughness.crashes > 0 => self.crash(),
            2..4 if self.scene.roughness.set_back_max > 0 => self.set_back(),
            4 => self.restart(),
            5..20 => self.move_clock(),
            20..40 if self.start() => {}
            40..60 if self.disk.waiting() > 0 => self.write(),
            _ => {
                let ready = self.tasks.ready();
                if ready.is_empty() {
                    return self.get_going();
                }
                let at = *self.chance.one_of(&ready);
                if let Some(call) = self.tasks.go_on(at) {
                    self.ended(call);
                }
            }
        }
        Ok(true)
    }

    /// Nothing goes on by itself: something has to come from outside, or all is told.
    fn get_going(&mut self) -> Result<bool, String> {
        if self.disk.waiting() > 0 {
            self.write();
        } else if !self.start() {
            return if self.tasks.is_empty() {
                Ok(false)
            } else {
                Err("a call waits for nothing".to_owned())
            };
        }
        Ok(true)
    }

    /// A caller who waits for nothing asks something, if there is one left.
    fn start(&mut self) -> bool {
        let callers = &self.scene.callers;
        let may = |at: &usize| self.waits_for[*at].is_none() && !callers[*at].script.is_empty();
        let free: Vec<usize> = (0..callers.len()).filter(may).collect();
        if free.is_empty() {
            return false;
        }
        let at = *self.chance.one_of(&free);
        let process = self.chance.below(self.scene.processes);
        let caller = &mut self.scene.callers[at];
        let (agency, mode, ask) =
            (caller.agency, caller.mode, caller.script.pop().expect("it has something"));
        let another = match ask {
            Ask::ReadAnothers { agency: of, .. } if of == agency => Some((of, other(mode))),
            Ask::ReadAnothers { agency: of, .. } => Some((of, mode)),
            _ => None,
        };
        let name = |agency: usize| self.scene.agencies[agency].0.clone();
        let call = self.story.borrow_mut().asked(agency, mode, process, ask);
        self.waits_for[at] = Some(call);
        let visit = Visit {
            desk: Arc::clone(&self.processes[process]),
            story: Rc::clone(&self.story),
            call,
            key: self.keys[agency][MODES.iter().position(|one| *one == mode).expect("there are two")].clone(),
            agency: name(agency),
            mode,
            another: another.map(|(agency, mode)| (name(agency), mode)),
            ask,
        };
        self.tasks.start(call, process, call::make(visit));
        true
    }

    /// The caller of `call` is free again; what was not done it may ask again, the very same.
    fn ended(&mut self, call: usize) {
        let story = self.story.borrow();
        let at = self.waits_for.iter().position(|waits| *waits == Some(call)).expect("somebody waits for it");
        self.waits_for[at] = None;
        let caller = &mut self.scene.callers[at];
        let is_settled = matches!(story.calls[call].end, End::Answered(..));
        if !is_settled && caller.patience > 0 && self.chance.happens(3, 4) {
            caller.patience -= 1;
            caller.script.push(story.calls[call].ask);
        }
    }

    /// Commits reach the disk: of a sole process all that wait, as a group; of several, any one.
    fn write(&mut self) {
        let group = if self.scene.processes == 1 { self.disk.waiting() } else { 1 };
        for _ in 0..group {
            let at = if self.scene.processes == 1 { 0 } else { self.chance.below(self.disk.waiting()) };
            let fate = self.fate();
            self.story.borrow_mut().note(format_args!("commit {at} in the queue: {fate:?}"));
            self.disk.let_through(at, fate);
        }
    }

    fn fate(&mut self) -> Fate {
        if !self.chance.happens(self.scene.roughness.failures, 1000) {
            return Fate::Answered;
        }
        *self.chance.one_of(&[Fate::AnswerLost, Fate::Lost, Fate::Refused])
    }

    fn move_clock(&mut self) {
        if self.chance.happens(self.scene.roughness.stands, 10) {
            return;
        }
        let most =
            *self.chance.one_of(&[1_000, 1_000_000, 50_000_000, 400_000_000, 400_000_000, 3_000_000_000]);
        let most = if self.chance.happens(1, 40) { 20_000_000_000 } else { most };
        self.clock.advance(self.chance.between(0, most));
    }

    fn set_back(&mut self) {
        let nanos = self.chance.between(1, self.scene.roughness.set_back_max);
        self.scene.roughness.set_back_max -= nanos;
        self.clock.set_back(nanos);
        self.story.borrow_mut().note(format_args!("the clock was set back by {nanos} ns"));
    }

    /// A process dies, and another opens what is durable.
    fn crash(&mut self) {
        self.scene.roughness.crashes -= 1;
        let process = self.chance.below(self.scene.processes);
        let dying = self.tasks.kill(process);
        self.story.borrow_mut().crashed(process, dying.clone());
        // Of a journal what was written first is there, if anything is; a table in a network takes what arrives.
        let mut left = self.disk.left_by(process);
        if self.scene.processes == 1 {
            let written = self.chance.below(left.len() + 1);
            for nth in 0..left.len() {
                self.disk.let_through(0, if nth < written { Fate::AnswerLost } else { Fate::Lost });
            }
            left.clear();
        }
        for at in left {
            match self.chance.below(3) {
                0 => self.disk.let_through(at, Fate::AnswerLost),
                1 => self.disk.let_through(at, Fate::Lost),
                _ => {}
            }
        }
        for call in dying {
            self.ended(call);
        }
        self.processes[process] = self.open(process);
    }

    /// A process that has nothing to do stops in order, and another takes its place.
    fn restart(&mut self) {
        let process = self.chance.below(self.scene.processes);
        if self.tasks.are_in(process) || !self.disk.left_by(process).is_empty() {
            return;
        }
        let desk = Arc::clone(&self.processes[process]);
        self.disk.calmly(desk.settle_limits()).expect("the store is there");
        self.story.borrow_mut().note(format_args!("process {process} stops in order"));
        self.processes[process] = self.open(process);
    }

    /// What stands in the end, once everything that was on its way has arrived.
    pub(crate) fn audit(&mut self) -> Result<Audit, String> {
        while self.disk.waiting() > 0 {
            self.disk.let_through(0, Fate::Answered);
        }
        let desk = self.open(0);
        self.disk.calmly(async {
            let mut audit = Audit { named: Vec::new(), listed: Vec::new() };
            for (at, (agency, _)) in self.scene.agencies.iter().enumerate() {
                for mode in MODES {
                    for key in 0..KEYS {
                        let found = desk.any_booking(scene::booking_id(agency, mode, key)).await;
                        let found = found.map_err(|error| format!("a booking cannot be read: {error:?}"))?;
                        if let Some(booking) = &found {
                            booking.verify_history().map_err(|error| format!("{error}: {booking:?}"))?;
                        }
                        audit.named.push(((at, mode, key), found.as_ref().map(Shown::of)));
                    }
                    let all = ListBookings { filter: BookingFilter::default(), limit: 1000, cursor: None };
                    let page = desk.list_of(agency, mode, &all).await.map_err(|error| error.to_string())?;
                    let ids = page.bookings.iter().map(skybridge_domain::booking::Booking::id).collect();
                    audit.listed.push(((at, mode), ids));
                }
            }
            Ok(audit)
        })
    }
}

fn other(mode: Mode) -> Mode {
    match mode {
        Mode::Live => Mode::Test,
        Mode::Test => Mode::Live,
    }
}
