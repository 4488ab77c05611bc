//! The TLS client configuration: ring only, the caller's authorities or the system's.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::endpoint::{Address, Endpoint, Protocol, TlsOptions};
use crate::errors::LoadError;

/// Where distributions keep their bundle of authorities, as Go's crypto/x509 looks for it
/// (src/crypto/x509/root_linux.go).
const SYSTEM_BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The configuration that `options` asks for, offering `protocol` by ALPN.
///
/// # Errors
/// [`LoadError::TlsOptions`] when there are no authorities, [`LoadError::File`] when theirs
/// cannot be read.
pub(crate) fn client_config(
    options: &TlsOptions,
    protocol: Protocol,
) -> Result<ClientConfig, LoadError> {
    // The provider is named, never the process-wide default: that one panics when a second
    // provider is in the tree.
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| LoadError::TlsOptions(error.to_string()))?;
    let mut config = if options.insecure {
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AcceptAny { provider }))
            .with_no_client_auth()
    } else {
        builder
            .with_root_certificates(authorities(options)?)
            .with_no_client_auth()
    };
    config.alpn_protocols = match protocol {
        Protocol::Http1 => vec![b"http/1.1".to_vec()],
        Protocol::Http2 => vec![b"h2".to_vec()],
    };
    Ok(config)
}

/// The name to ask for (SNI) and to check the certificate against.
///
/// # Errors
/// [`LoadError::TlsOptions`] when it is not a name.
pub(crate) fn server_name(
    options: &TlsOptions,
    endpoint: &Endpoint,
) -> Result<ServerName<'static>, LoadError> {
    let name = match (&options.server_name, &endpoint.address) {
        (Some(name), _) => name.clone(),
        (None, Address::Tcp { host, .. }) => host.clone(),
        (None, Address::Unix(_)) => endpoint.authority.clone(),
    };
    ServerName::try_from(name.clone())
        .map_err(|_| LoadError::TlsOptions(format!("server name {name:?} is not a name")))
}

fn authorities(options: &TlsOptions) -> Result<RootCertStore, LoadError> {
    let mut store = RootCertStore::empty();
    if options.ca_files.is_empty() {
        let bundle = SYSTEM_BUNDLES
            .iter()
            .map(Path::new)
            .find(|path| path.exists());
        if let Some(path) = bundle {
            // A system's bundle may hold what rustls does not take; the rest still counts.
            store.add_parsable_certificates(read_pem(path)?);
        }
    }
    for path in &options.ca_files {
        for certificate in read_pem(path)? {
            store.add(certificate).map_err(|error| {
                LoadError::TlsOptions(format!("ca file {}: {error}", path.display()))
            })?;
        }
    }
    if store.is_empty() {
        return Err(LoadError::TlsOptions(
            "no certificate authorities found; name a ca file, or accept any certificate".into(),
        ));
    }
    Ok(store)
}

/// A system's whole bundle has some 200 kB.
const LARGEST_PEM_BYTES: u64 = 16 << 20;

fn read_pem(path: &Path) -> Result<Vec<CertificateDer<'static>>, LoadError> {
    let file = |source| LoadError::File {
        path: path.display().to_string(),
        source,
    };
    let bytes = safefile::read_named(path, LARGEST_PEM_BYTES).map_err(file)?;
    CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<_, _>>()
        .map_err(|error| file(std::io::Error::other(error.to_string())))
}

/// Accepts any certificate, as `insecure` asks; signatures are still checked.
#[derive(Debug)]
struct AcceptAny {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AcceptAny {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
