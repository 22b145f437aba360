//! What an agency's callers must come with: a signature, a certificate, and which certificates are its own.

use skybridge_domain::agency::{Agency, AgencyName, Demands, Requirement};
use skybridge_domain::certificate::{Fingerprint, PinnedCertificate};

use super::PartnerError;
use crate::Desk;
use crate::audit::Operator;

impl Desk {
    /// Has the agency's callers come with what `requirement` says, from now on.
    ///
    /// # Errors
    /// When there is no such agency, it would have to come with a certificate and has none pinned, or the store does
    /// not take it.
    pub async fn require_of_agency(
        &self,
        operator: &Operator,
        name: &AgencyName,
        requirement: Requirement,
    ) -> Result<Agency, PartnerError> {
        let detail = format!("to {}", requirement.as_str());
        self.change_agency(operator, name, "agency.requirement-changed", detail, |agency| {
            if requirement.is_of_certificate() && agency.demands.certificates.is_empty() {
                return Err(PartnerError::NoCertificateLeft(name.clone()));
            }
            let other = agency.demands.requirement != requirement;
            Ok(other.then(|| Agency { demands: Demands { requirement, ..agency.demands.clone() }, ..agency }))
        })
        .await
    }

    /// Counts the certificate as the agency's from now on. Pinning it again changes nothing.
    ///
    /// # Errors
    /// When there is no such agency, it has too many, or the store does not take it.
    pub async fn pin_certificate(
        &self,
        operator: &Operator,
        name: &AgencyName,
        fingerprint: Fingerprint,
    ) -> Result<Agency, PartnerError> {
        let pinned = PinnedCertificate { fingerprint, pinned_at: self.clock.now().whole_millis() };
        let detail = format!("SHA-256 {fingerprint}");
        self.change_agency(operator, name, "agency.certificate-pinned", detail, |mut agency| {
            if agency.demands.pins(&fingerprint) {
                return Ok(None);
            }
            if agency.demands.certificates.len() >= Demands::CERTIFICATES_MAX {
                return Err(PartnerError::TooManyCertificates(name.clone()));
            }
            agency.demands.certificates.push(pinned);
            Ok(Some(agency))
        })
        .await
    }

    /// Counts the certificate as the agency's no more. Unpinning one that is not pinned changes nothing.
    ///
    /// # Errors
    /// When there is no such agency, it must come with a certificate and this is its last, or the store does not take
    /// it.
    pub async fn unpin_certificate(
        &self,
        operator: &Operator,
        name: &AgencyName,
        fingerprint: Fingerprint,
    ) -> Result<Agency, PartnerError> {
        let detail = format!("SHA-256 {fingerprint}");
        self.change_agency(operator, name, "agency.certificate-unpinned", detail, |mut agency| {
            let pinned = agency.demands.pins(&fingerprint);
            agency.demands.certificates.retain(|one| one.fingerprint != fingerprint);
            if agency.demands.requirement.is_of_certificate() && agency.demands.certificates.is_empty() {
                return Err(PartnerError::NoCertificateLeft(name.clone()));
            }
            Ok(pinned.then_some(agency))
        })
        .await
    }
}
