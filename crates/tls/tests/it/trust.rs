//! Certificates that are trusted themselves, and those that authorities signed.
use std::{sync::Arc, time::Duration};

use keyfob_tls::{TrustedClients, TrustedServers, Unreached};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair, date_time_ymd,
};
use rustls::{
    Error, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier as _},
};

const NAME: &str = "keys.example.com";
const CA: IsCa = IsCa::Ca(BasicConstraints::Unconstrained);

/// The parameters of a certificate for that name, of the years 2020 to 2029.
fn params(is_ca: IsCa) -> CertificateParams {
    let mut params = CertificateParams::new(vec![NAME.to_owned()]).unwrap();
    params.is_ca = is_ca;
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2030, 1, 1);
    params
}

/// A certificate that signs itself.
fn self_signed(is_ca: IsCa) -> CertificateDer<'static> {
    params(is_ca).self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
}

/// 1 July of a year.
fn july(year: u64) -> UnixTime {
    let days = (year - 1970) * 365 + (year - 1969) / 4 + 181;
    UnixTime::since_unix_epoch(Duration::from_secs(days * 24 * 60 * 60))
}

/// Why a server that shows this certificate is not trusted.
fn refusal(trusted: &TrustedServers, shown: &CertificateDer<'_>, name: &str, year: u64) -> Option<Unreached> {
    let name = ServerName::try_from(name).unwrap();
    let verified = trusted.verify(std::slice::from_ref(shown), &name, july(year));
    verified.err().map(|error| Unreached::because_of(&error))
}

#[test]
fn a_certificate_is_trusted_by_itself_in_its_time_and_for_its_name() {
    for is_ca in [CA, IsCa::NoCa, IsCa::ExplicitNoCa] {
        let own = self_signed(is_ca);
        let trusted = TrustedServers::only(vec![self_signed(CA), own.clone()]).unwrap();
        assert_eq!(refusal(&trusted, &own, NAME, 2025), None);
        assert_eq!(refusal(&trusted, &own, NAME, 2031), Some(Unreached::Expired));
        assert_eq!(refusal(&trusted, &own, NAME, 2019), Some(Unreached::NotYetValid));
        assert_eq!(refusal(&trusted, &own, "other.example.com", 2025), Some(Unreached::OtherName));
    }
}

/// A key or a name that is equal is not enough.
#[test]
fn another_certificate_is_not_trusted_however_like_it_is() {
    let key = KeyPair::generate().unwrap();
    let own = params(CA).self_signed(&key).unwrap();
    let mut longer = params(CA);
    longer.not_after = date_time_ymd(2040, 1, 1);
    let longer = longer.self_signed(&key).unwrap();
    let trusted = TrustedServers::only(vec![own.der().clone()]).unwrap();
    for other in [longer.der(), &self_signed(CA)] {
        assert_eq!(refusal(&trusted, other, NAME, 2025), Some(Unreached::UnknownIssuer));
    }
}

#[test]
fn what_a_trusted_authority_signed_is_trusted() {
    let mut authority = params(CA);
    authority.subject_alt_names = Vec::new();
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let signed = params(IsCa::NoCa).signed_by(&KeyPair::generate().unwrap(), &authority).unwrap();
    let trusted = TrustedServers::only(vec![authority.der().clone()]).unwrap();
    assert_eq!(refusal(&trusted, signed.der(), NAME, 2025), None);
    assert_eq!(refusal(&trusted, signed.der(), NAME, 2031), Some(Unreached::Expired));
    // Who trusts that certificate alone needs no authority.
    let trusted = TrustedServers::only(vec![signed.der().clone()]).unwrap();
    assert_eq!(refusal(&trusted, signed.der(), NAME, 2025), None);
    assert_eq!(refusal(&trusted, signed.der(), NAME, 2031), Some(Unreached::Expired));
}

#[test]
fn nobody_is_trusted_who_shows_nothing() {
    let trusted = TrustedServers::only(vec![self_signed(CA)]).unwrap();
    let name = ServerName::try_from(NAME).unwrap();
    assert!(matches!(trusted.verify(&[], &name, july(2025)), Err(Error::NoCertificatesPresented)));
    assert!(TrustedServers::only(Vec::new()).is_err());
}

#[test]
fn a_certificate_of_a_client_is_trusted_by_itself_in_its_time() {
    let client = |is_ca| {
        let mut params = params(is_ca);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
    };
    for is_ca in [CA, IsCa::NoCa] {
        let own = client(is_ca);
        let mut roots = RootCertStore::empty();
        roots.add(own.clone()).unwrap();
        let provider = Arc::new(ring::default_provider());
        let by_issuer = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let trusted = TrustedClients::new(by_issuer, vec![own.clone()]);
        trusted.verify_client_cert(&own, &[], july(2025)).unwrap();
        trusted.verify_client_cert(&own, &[], july(2031)).unwrap_err();
        trusted.verify_client_cert(&client(is_ca), &[], july(2025)).unwrap_err();
    }
}
