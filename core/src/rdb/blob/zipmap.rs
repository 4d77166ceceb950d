//! Zipmaps, the hashes of very old files: u8 count, then length, field, length, u8 free, value, free bytes; 0xFF.

use super::{BadBlob, END, chunk};

/// From here on the count is not known.
const COUNT_UNKNOWN: u8 = 254;
/// A length of four bytes follows.
const LENGTH_LONG: u8 = 254;

/// A field and its value.
type Pair<'a> = (&'a [u8], &'a [u8]);

/// The pairs of a zipmap.
#[derive(Clone, Debug)]
pub struct Zipmap<'a> {
    rest: &'a [u8],
    left: Option<u8>,
}

impl<'a> Zipmap<'a> {
    /// Checks the header.
    ///
    /// # Errors
    /// The blob is too short for any zipmap.
    pub fn new(blob: &'a [u8]) -> Result<Self, BadBlob> {
        let ([count], rest) = chunk(blob)?;
        if rest.is_empty() {
            return Err(BadBlob);
        }
        Ok(Self { rest, left: (count < COUNT_UNKNOWN).then_some(count) })
    }

    fn step(&mut self) -> Result<Option<Pair<'a>>, BadBlob> {
        if let [END] = self.rest {
            return if self.left.unwrap_or(0) == 0 { Ok(None) } else { Err(BadBlob) };
        }
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(1).ok_or(BadBlob)?;
        }
        let (len, rest) = length(self.rest)?;
        let (field, rest) = rest.split_at_checked(len).ok_or(BadBlob)?;
        let (len, rest) = length(rest)?;
        let ([free], rest) = chunk(rest)?;
        let (value, rest) = rest.split_at_checked(len).ok_or(BadBlob)?;
        self.rest = rest.get(usize::from(free)..).filter(|rest| !rest.is_empty()).ok_or(BadBlob)?;
        Ok(Some((field, value)))
    }
}

impl<'a> Iterator for Zipmap<'a> {
    type Item = Result<Pair<'a>, BadBlob>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let step = self.step().transpose();
        if !matches!(step, Some(Ok(_))) {
            self.rest = &[];
        }
        step
    }
}

fn length(bytes: &[u8]) -> Result<(usize, &[u8]), BadBlob> {
    match chunk(bytes)? {
        ([LENGTH_LONG], rest) => {
            let (len, rest) = chunk(rest)?;
            Ok((u32::from_le_bytes(len) as usize, rest))
        }
        ([END], _) => Err(BadBlob),
        ([len], rest) => Ok((usize::from(len), rest)),
    }
}
