//! Commands as bytes, and bytes as commands: the simulator's own writer and reader of requests.

/// A growing list of arguments that keeps its memory.
#[derive(Clone, Debug, Default)]
pub struct Args {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Args {
    /// Forgets all arguments.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// Adds an argument.
    pub fn push(&mut self, arg: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(arg);
        self.ends.push(self.bytes.len());
        self
    }

    /// Adds a number.
    pub fn int(&mut self, n: i64) -> &mut Self {
        self.push(n.to_string().as_bytes())
    }

    /// Adds the words of a text.
    pub fn words(&mut self, text: &str) -> &mut Self {
        for word in text.split_ascii_whitespace() {
            self.push(word.as_bytes());
        }
        self
    }

    /// Number of arguments.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The argument at `i`; empty when there is none.
    #[must_use]
    pub fn at(&self, i: usize) -> &[u8] {
        let Some(&end) = self.ends.get(i) else { return &[] };
        let start = if i == 0 { 0 } else { self.ends[i - 1] };
        &self.bytes[start..end]
    }

    /// All arguments.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|i| self.at(i))
    }

    /// Appends the request to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        header_to(out, b'*', self.len());
        for arg in self.iter() {
            header_to(out, b'$', arg.len());
            out.extend_from_slice(arg);
            out.extend_from_slice(b"\r\n");
        }
    }

    /// The command as a person would type it.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for arg in self.iter() {
            if !text.is_empty() {
                text.push(' ');
            }
            if arg.is_empty() {
                text.push_str("\"\"");
            }
            text.push_str(&crate::trace::readable(arg, 40));
        }
        text
    }
}

fn header_to(out: &mut Vec<u8>, kind: u8, n: usize) {
    let mut digits = [0; 20];
    let (mut at, mut left) = (digits.len(), n);
    while at == digits.len() || left > 0 {
        at -= 1;
        digits[at] = b'0' + (left % 10) as u8;
        left /= 10;
    }
    out.push(kind);
    out.extend_from_slice(&digits[at..]);
    out.extend_from_slice(b"\r\n");
}

/// Reads a whole command at the beginning of `bytes` into `args` and says how many bytes it took, or how many there must
/// be before it is worth while to try again.
fn request(bytes: &[u8], args: &mut Args) -> Result<usize, usize> {
    let mut at = 0;
    let more = bytes.len() + 1;
    let count = header(bytes, &mut at, b'*').ok_or(more)?;
    args.clear();
    for _ in 0..count {
        let size = header(bytes, &mut at, b'$').ok_or(more)?;
        args.push(bytes.get(at..at + size).ok_or(at + size + 2)?);
        at += size + 2;
    }
    if at > bytes.len() { Err(at) } else { Ok(at) }
}

/// Cuts a stream of requests into commands, as an observer beside the server does.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    buffer: Vec<u8>,
    used: usize,
    /// Fewer bytes than this hold no whole command.
    least: usize,
}

impl Requests {
    /// Adds bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.used == self.buffer.len() {
            self.buffer.clear();
            self.used = 0;
        } else if self.used > 64 * 1024 {
            self.buffer.drain(..self.used);
            self.used = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Reads the next whole command into `args` and says how many bytes it took. Bytes that are no request in arrays of
    /// bulks end the reading for good (`None`): clients of the simulator send nothing else.
    pub fn next(&mut self, args: &mut Args) -> Option<usize> {
        if self.waiting() < self.least {
            return None;
        }
        match request(&self.buffer[self.used..], args) {
            Ok(took) => {
                self.used += took;
                self.least = 0;
                Some(took)
            }
            Err(least) => {
                self.least = least;
                None
            }
        }
    }

    /// Takes the bytes of one command at most: says how many of `bytes` were taken, and the size of the command that they
    /// completed, if they did.
    pub fn take(&mut self, bytes: &[u8], args: &mut Args) -> (usize, Option<usize>) {
        let waiting = self.waiting();
        if waiting == 0 {
            // The usual case: nothing has to be copied.
            return match request(bytes, args) {
                Ok(took) => (took, Some(took)),
                Err(least) => {
                    self.feed(bytes);
                    self.least = least;
                    (bytes.len(), None)
                }
            };
        }
        self.feed(bytes);
        match self.next(args) {
            Some(took) => {
                // The rest comes again.
                self.buffer.truncate(self.used);
                (took - waiting, Some(took))
            }
            None => (bytes.len(), None),
        }
    }

    /// Bytes not used yet.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.buffer.len() - self.used
    }
}

fn header(buffer: &[u8], at: &mut usize, kind: u8) -> Option<usize> {
    let rest = buffer.get(*at..)?;
    if *rest.first()? != kind {
        return None;
    }
    let mut n = 0_usize;
    for (i, byte) in rest.iter().enumerate().skip(1) {
        match byte {
            b'0'..=b'9' => n = n.checked_mul(10)? + usize::from(byte - b'0'),
            b'\r' if rest.len() > i + 1 => {
                *at += i + 2;
                return Some(n);
            }
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_however_it_is_cut() {
        let mut args = Args::default();
        args.words("SET key").push(b"").push(b"a\r\n*1").int(-5);
        let mut wire = Vec::new();
        args.encode(&mut wire);
        args.encode(&mut wire);
        for cut in 1..wire.len() {
            let (mut requests, mut got, mut seen) = (Requests::default(), Args::default(), Vec::new());
            for piece in wire.chunks(cut) {
                requests.feed(piece);
                while let Some(took) = requests.next(&mut got) {
                    seen.push((got.text(), took));
                }
            }
            assert_eq!(seen, vec![(args.text(), wire.len() / 2); 2], "cut every {cut}");
        }
    }
}
