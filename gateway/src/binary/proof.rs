//! That a client knows its user's secret, without the secret on the way.

use super::layout::{Message, Text};
use super::messages::{Login, VERSION};
use super::sessions::SecondLogin;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zerocopy::IntoBytes;

/// Bytes of a login before its proof: what is proved.
const PROVED: usize = std::mem::offset_of!(Login, proof);

/// Makes a login whose proof answers the challenge.
pub fn login(
    nonce: &[u8; 32],
    user: &Text,
    secret: &[u8],
    next_event: u64,
    second: SecondLogin,
) -> Login {
    let mut login = Login {
        head: Login::head(),
        version: VERSION.into(),
        take_over: u8::from(second == SecondLogin::TakesOver),
        reserved: 0,
        next_event: next_event.into(),
        user: *user,
        proof: [0; 32],
    };
    login.proof = mac(nonce, &login, secret).finalize().into_bytes().into();
    login
}

/// Whether a login answers the challenge with the user's secret. Cost: some 600 ns, the same whatever the bytes.
pub fn is_good(nonce: &[u8; 32], login: &Login, secret: &[u8]) -> bool {
    mac(nonce, login, secret).verify_slice(&login.proof).is_ok()
}

fn mac(nonce: &[u8; 32], login: &Login, secret: &[u8]) -> Hmac<Sha256> {
    let mut mac = match Hmac::<Sha256>::new_from_slice(secret) {
        Ok(mac) => mac,
        Err(error) => plimsoll_types::broken(format_args!("a key of any length: {error}")),
    };
    mac.update(nonce);
    mac.update(&login.as_bytes()[..PROVED]);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_good_for_its_challenge_its_secret_and_its_bytes_alone() {
        let (nonce, user) = ([7; 32], Text::write(b"desk"));
        let good = login(&nonce, &user, b"0123456789abcdef", 5, SecondLogin::TakesOver);
        assert!(is_good(&nonce, &good, b"0123456789abcdef"));
        assert!(!is_good(&[8; 32], &good, b"0123456789abcdef"));
        assert!(!is_good(&nonce, &good, b"0123456789abcdeg"));
        for byte in 0..size_of::<Login>() {
            let mut bad = good;
            bad.as_mut_bytes()[byte] ^= 1;
            assert!(!is_good(&nonce, &bad, b"0123456789abcdef"), "byte {byte}");
        }
    }
}
