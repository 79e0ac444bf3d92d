//! A certificate for the lab's network: the one given, or one made for this run.

use std::sync::Arc;

use axum_server::tls_rustls::RustlsConfig;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{Options, ServeError};

/// TLS 1.2 and 1.3 with the certificate of the options.
pub fn config(options: &Options) -> Result<RustlsConfig, ServeError> {
    let (chain, key) = match &options.certificate {
        Some((certificate, key)) => {
            let chain = CertificateDer::pem_file_iter(certificate)
                .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                .map_err(|e| ServeError::Tls(format!("certificate: {e}")))?;
            (chain, PrivateKeyDer::from_pem_file(key).map_err(|e| ServeError::Tls(format!("key: {e}")))?)
        }
        None => made(options)?,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| ServeError::Tls(e.to_string()))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|e| ServeError::Tls(e.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(RustlsConfig::from_config(Arc::new(config)))
}

/// A certificate that browsers warn about once: nobody vouches for it, but it encrypts.
fn made(options: &Options) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), ServeError> {
    let mut names = options.names.clone();
    names.push(options.address.to_string());
    names.push("localhost".into());
    let fail = |e: rcgen::Error| ServeError::Tls(e.to_string());
    let made = rcgen::generate_simple_self_signed(names).map_err(fail)?;
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).map_err(|e| ServeError::Tls(e.to_owned()))?;
    Ok((vec![made.cert.der().clone()], key))
}
