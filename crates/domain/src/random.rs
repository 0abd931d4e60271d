//! Randomness, as something that is handed over.

use std::fmt::Debug;

const ALPHANUMERIC: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A source of random bytes. What the binary hands over is fit for secrets; tests hand over one with a seed.
pub trait Random: Debug + Send + Sync {
    /// Fills `bytes` with random bytes.
    fn fill(&self, bytes: &mut [u8]);
}

impl dyn Random + '_ {
    /// Letters and digits, each equally likely.
    pub fn alphanumeric(&self, length: usize) -> String {
        let mut text = String::with_capacity(length);
        let mut bytes = [0; 32];
        while text.len() < length {
            self.fill(&mut bytes);
            // 248 is the largest multiple of 62 in a byte: what lies above would favour some letters.
            let fair = bytes.iter().filter(|&&byte| byte < 248);
            text.extend(fair.map(|&byte| char::from(ALPHANUMERIC[usize::from(byte % 62)])).take(length - text.len()));
        }
        text
    }

    /// `length` lower-case hex digits, four random bits each. `length` is even.
    pub fn hex(&self, length: usize) -> String {
        let mut bytes = vec![0; length / 2];
        self.fill(&mut bytes);
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A number from 0 (included) to 1 (excluded).
    pub fn fraction(&self) -> f64 {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
    }
}
