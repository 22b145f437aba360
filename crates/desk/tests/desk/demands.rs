//! What an agency must come with stays within its bounds also when two change it at once.

use skybridge_desk::partners::PartnerError;
use skybridge_domain::agency::{AgencyName, Demands, Requirement};
use skybridge_domain::certificate::Fingerprint;
use skybridge_store::Table;

use crate::kit::{Counter, agency};
use crate::rigged_store::Call;

fn certificate(number: u8) -> Fingerprint {
    Fingerprint::new([number; 32])
}

impl Counter {
    async fn pin(&self, name: &AgencyName, number: u8) -> Result<usize, PartnerError> {
        let pinned = self.desk.pin_certificate(&self.operator, name, certificate(number)).await;
        pinned.map(|agency| agency.demands.certificates.len())
    }

    async fn unpin(&self, name: &AgencyName, number: u8) -> Result<(), PartnerError> {
        self.desk.unpin_certificate(&self.operator, name, certificate(number)).await.map(drop)
    }

    async fn require(&self, name: &AgencyName, requirement: Requirement) -> Result<(), PartnerError> {
        self.desk.require_of_agency(&self.operator, name, requirement).await.map(drop)
    }
}

/// Two processes on one store, and agency A.
async fn two() -> (Counter, Counter, AgencyName) {
    let here = Counter::open("50", 100).await;
    here.agency("A").await;
    let there = here.beside().await;
    (here, there, agency("A"))
}

#[tokio::test]
async fn no_agency_has_to_come_with_a_certificate_that_is_unpinned_meanwhile() {
    let (here, there, name) = two().await;
    here.pin(&name, 1).await.unwrap();
    let hold = here.store.hold(Call::Commit, Table::Partners, 1);
    let meanwhile = async {
        hold.reached().await;
        there.unpin(&name, 1).await.unwrap();
        hold.let_go();
    };
    let (required, ()) = tokio::join!(here.require(&name, Requirement::Certificate), meanwhile);
    assert!(matches!(required, Err(PartnerError::NoCertificateLeft(_))), "{required:?}");
    assert_eq!(here.desk.agency(&name).await.unwrap().demands, Demands::default());
}

#[tokio::test]
async fn the_last_certificate_stays_when_it_becomes_required_meanwhile() {
    let (here, there, name) = two().await;
    here.pin(&name, 1).await.unwrap();
    let hold = here.store.hold(Call::Commit, Table::Partners, 1);
    let meanwhile = async {
        hold.reached().await;
        there.require(&name, Requirement::Both).await.unwrap();
        hold.let_go();
    };
    let (unpinned, ()) = tokio::join!(here.unpin(&name, 1), meanwhile);
    assert!(matches!(unpinned, Err(PartnerError::NoCertificateLeft(_))), "{unpinned:?}");
    let demands = here.desk.agency(&name).await.unwrap().demands;
    assert_eq!((demands.requirement, demands.certificates.len()), (Requirement::Both, 1));
}

#[tokio::test]
async fn two_pins_at_once_do_not_exceed_what_an_agency_may_have() {
    let (here, there, name) = two().await;
    for number in 1..16 {
        here.pin(&name, number).await.unwrap();
    }
    let hold = here.store.hold(Call::Commit, Table::Partners, 1);
    let meanwhile = async {
        hold.reached().await;
        assert_eq!(there.pin(&name, 16).await.unwrap(), Demands::CERTIFICATES_MAX);
        hold.let_go();
    };
    let (pinned, ()) = tokio::join!(here.pin(&name, 17), meanwhile);
    assert!(matches!(pinned, Err(PartnerError::TooManyCertificates(_))), "{pinned:?}");
    // One that is pinned already is no more than there are; of the others one has to go first.
    assert_eq!(here.pin(&name, 16).await.unwrap(), 16);
    here.unpin(&name, 1).await.unwrap();
    assert_eq!(here.pin(&name, 17).await.unwrap(), 16);
}
