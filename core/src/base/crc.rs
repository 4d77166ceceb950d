//! The two checksums of Redis's formats.
//!
//! *Owns*: CRC-64 with the Jones polynomial (RDB files, DUMP payloads) and CRC-16/XMODEM (key slots).
//! *Does not own*: which bytes are summed.
//! *Invariants*: summing a text in pieces, however cut, equals summing it at once.
//!
//! CRC-64 takes eight bytes a step through eight tables ("slicing by eight"); the tables are built by the compiler.

/// The Jones polynomial 0xad93d23594c935a9 with its bits reversed.
const JONES_REFLECTED: u64 = 0x95ac_9329_ac4b_c9b5;

static CRC64: [[u64; 256]; 8] = crc64_tables();
static CRC16: [u16; 256] = crc16_table();

/// The CRC-64 of what `crc` already covers, followed by `bytes`. Start with 0.
///
/// ```
/// assert_eq!(norn_core::base::crc::crc64(0, b"123456789"), 0xe9c6_d914_c4b8_d9ca);
/// ```
#[must_use]
pub fn crc64(mut crc: u64, bytes: &[u8]) -> u64 {
    let (chunks, rest) = bytes.as_chunks::<8>();
    for chunk in chunks {
        let x = crc ^ u64::from_le_bytes(*chunk);
        crc = CRC64[7][(x & 0xff) as usize]
            ^ CRC64[6][(x >> 8 & 0xff) as usize]
            ^ CRC64[5][(x >> 16 & 0xff) as usize]
            ^ CRC64[4][(x >> 24 & 0xff) as usize]
            ^ CRC64[3][(x >> 32 & 0xff) as usize]
            ^ CRC64[2][(x >> 40 & 0xff) as usize]
            ^ CRC64[1][(x >> 48 & 0xff) as usize]
            ^ CRC64[0][(x >> 56) as usize];
    }
    for &byte in rest {
        crc = CRC64[0][((crc ^ u64::from(byte)) & 0xff) as usize] ^ (crc >> 8);
    }
    crc
}

/// CRC-16/XMODEM of `bytes`; a key's slot is its low 14 bits.
#[must_use]
pub fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc: u16, &byte| (crc << 8) ^ CRC16[usize::from((crc >> 8) as u8 ^ byte)])
}

/// The cluster slot of a key, `0..16384`: of the text between the first `{` and the next `}` when that is not empty,
/// else of the whole key.
#[must_use]
pub fn key_slot(key: &[u8]) -> u16 {
    let tag = memchr::memchr(b'{', key).and_then(|open| {
        let inner = &key[open + 1..];
        memchr::memchr(b'}', inner).filter(|&len| len > 0).map(|len| &inner[..len])
    });
    crc16(tag.unwrap_or(key)) & 0x3fff
}

const fn crc64_tables() -> [[u64; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut i = 0;
    while i < 256 {
        let mut crc = i as u64;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ JONES_REFLECTED } else { crc >> 1 };
            bit += 1;
        }
        tables[0][i] = crc;
        i += 1;
    }
    let mut t = 1;
    while t < 8 {
        let mut i = 0;
        while i < 256 {
            let before = tables[t - 1][i];
            tables[t][i] = tables[0][(before & 0xff) as usize] ^ (before >> 8);
            i += 1;
        }
        t += 1;
    }
    tables
}

const fn crc16_table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut crc = (i as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn check_values() {
        assert_eq!(crc64(0, b"123456789"), 0xe9c6_d914_c4b8_d9ca);
        assert_eq!(crc64(0, b""), 0);
        assert_eq!(crc16(b"123456789"), 0x31c3);
    }

    #[test]
    fn slots() {
        for (key, slot) in [
            ("foo", 12182),
            ("123456789", 12739),
            ("{user1000}.following", key_slot(b"user1000")),
            ("{}x", crc16(b"{}x") & 0x3fff),
            ("a{b}{c}", key_slot(b"b")),
            ("a{{b}}c", key_slot(b"{b")),
            ("a{b", crc16(b"a{b") & 0x3fff),
            ("", 0),
        ] {
            assert_eq!(key_slot(key.as_bytes()), slot, "{key}");
        }
    }

    proptest! {
        #[test]
        fn pieces_and_bits_agree(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0_usize..200) {
            let cut = cut.min(bytes.len());
            let mut bitwise = 0_u64;
            for &b in &bytes {
                bitwise ^= u64::from(b);
                for _ in 0..8 {
                    bitwise = (bitwise >> 1) ^ if bitwise & 1 == 1 { JONES_REFLECTED } else { 0 };
                }
            }
            prop_assert_eq!(crc64(0, &bytes), bitwise);
            prop_assert_eq!(crc64(crc64(0, &bytes[..cut]), &bytes[cut..]), bitwise);
        }
    }
}
