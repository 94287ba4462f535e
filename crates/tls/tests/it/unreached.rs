//! Reasons are found wherever an error hides them.
use std::io::{self, ErrorKind};

use keyfob_tls::Unreached;
use rustls::{AlertDescription, CertificateError, Error};

#[test]
fn a_reason_is_found_below_other_errors() {
    for (error, reason) in [
        (Error::from(CertificateError::UnknownIssuer), Unreached::UnknownIssuer),
        (CertificateError::Expired.into(), Unreached::Expired),
        (CertificateError::NotValidYet.into(), Unreached::NotYetValid),
        (CertificateError::NotValidForName.into(), Unreached::OtherName),
        (CertificateError::BadSignature.into(), Unreached::BadCertificate),
        (Error::AlertReceived(AlertDescription::ProtocolVersion), Unreached::NotEncrypted),
    ] {
        let wrapped = io::Error::other(io::Error::new(ErrorKind::InvalidData, error));
        assert_eq!(Unreached::because_of(&wrapped), reason);
    }
    for (kind, reason) in [
        (ErrorKind::ConnectionRefused, Unreached::Refused),
        (ErrorKind::TimedOut, Unreached::TimedOut),
        (ErrorKind::ConnectionReset, Unreached::NoConnection),
    ] {
        assert_eq!(Unreached::because_of(&io::Error::from(kind)), reason);
    }
    assert_eq!(Unreached::because_of(&io::Error::other("no such host")), Unreached::NoConnection);
}
