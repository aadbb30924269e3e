//! One member's header blocks: ustar, with PAX records in front where needed.
//!
//! There is one right encoding of each member; the reader relies on that by
//! encoding again what it understood and comparing.

/// Everything in a tar comes in blocks of this many bytes.
pub(super) const BLOCK: usize = 512;

/// Most bytes of PAX records: a path, a link and a size, with room to spare.
pub(super) const MOST_RECORDS: u64 = 16 * 1024;

/// 1980-01-01, the time that all outputs have.
const MTIME: u64 = 315_532_800;

/// Largest number that eleven octal digits hold.
const LARGEST_OCTAL: u64 = 0o777_7777_7777;

/// Longest text in the name and link fields.
const LONGEST_TEXT: usize = 100;

const NAME: usize = 0;
const SIZE: usize = 124;
const CHECKSUM: usize = 148;
const TYPE: usize = 156;
const LINK: usize = 157;

const PAX_NAME: &str = "PaxHeader";

/// A member as its header says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// Without a trailing slash.
    pub(super) path: String,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    File { size: u64, executable: bool },
    Link { target: String },
    Directory,
}

impl Member {
    /// All blocks that stand before the member's content.
    pub(super) fn encode(&self) -> Vec<u8> {
        let (kind, mode, size, target) = match &self.kind {
            Kind::File { size, executable } => {
                (b'0', if *executable { 0o755 } else { 0o644 }, *size, "")
            }
            Kind::Link { target } => (b'2', 0o755, 0, target.as_str()),
            Kind::Directory => (b'5', 0o755, 0, ""),
        };
        let slash = if kind == b'5' { "/" } else { "" };
        let path = format!("{}{slash}", self.path);
        let mut records = Vec::new();
        if !fits(&path) {
            record(&mut records, "path", &path);
        }
        if !fits(target) {
            record(&mut records, "linkpath", target);
        }
        if size > LARGEST_OCTAL {
            record(&mut records, "size", &size.to_string());
        }
        let mut blocks = Vec::new();
        if !records.is_empty() {
            blocks.extend(ustar(b'x', PAX_NAME, "", 0o644, records.len() as u64));
            blocks.extend(&records);
            blocks.resize(blocks.len().next_multiple_of(BLOCK), 0);
        }
        let size = if size > LARGEST_OCTAL { 0 } else { size };
        blocks.extend(ustar(kind, &path, target, mode, size));
        blocks
    }
}

/// What a header block says, before PAX records have their say.
pub(super) struct Fields {
    pub(super) kind: u8,
    pub(super) name: Vec<u8>,
    pub(super) link: Vec<u8>,
    pub(super) size: u64,
    pub(super) executable: bool,
}

impl Fields {
    /// Reads the fields that vary. The rest is proved by encoding again.
    pub(super) fn of(block: &[u8; BLOCK]) -> Option<Fields> {
        Some(Fields {
            kind: block[TYPE],
            name: text(&block[NAME..][..LONGEST_TEXT]),
            link: text(&block[LINK..][..LONGEST_TEXT]),
            size: octal(&block[SIZE..][..11])?,
            executable: octal(&block[100..107])? & 0o100 != 0,
        })
    }
}

/// The values of PAX records; `None` for a malformed or unknown one, or one
/// that comes twice.
#[derive(Default)]
pub(super) struct Records {
    pub(super) path: Option<String>,
    pub(super) link: Option<String>,
    pub(super) size: Option<u64>,
}

impl Records {
    pub(super) fn parse(mut bytes: &[u8]) -> Option<Records> {
        let mut records = Records::default();
        while !bytes.is_empty() {
            let space = bytes.iter().take(8).position(|byte| *byte == b' ')?;
            let length: usize = std::str::from_utf8(&bytes[..space]).ok()?.parse().ok()?;
            let body = bytes.get(space + 1..length)?.strip_suffix(b"\n")?;
            let (key, value) = std::str::from_utf8(body).ok()?.split_once('=')?;
            let twice = match key {
                "path" => records.path.replace(value.to_owned()).is_some(),
                "linkpath" => records.link.replace(value.to_owned()).is_some(),
                "size" => records.size.replace(value.parse().ok()?).is_some(),
                _ => true,
            };
            if twice {
                return None;
            }
            bytes = &bytes[length..];
        }
        Some(records)
    }
}

fn fits(text: &str) -> bool {
    text.is_ascii() && text.len() <= LONGEST_TEXT
}

/// Appends `length key=value\n`, where the length counts itself.
fn record(records: &mut Vec<u8>, key: &str, value: &str) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while rest + length.to_string().len() != length {
        length = rest + length.to_string().len();
    }
    records.extend(format!("{length} {key}={value}\n").bytes());
}

fn ustar(kind: u8, path: &str, target: &str, mode: u64, size: u64) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |start: usize, bytes: &[u8]| {
        block[start..start + bytes.len()].copy_from_slice(bytes);
    };
    put(NAME, cut(path));
    put(100, format!("{mode:07o}\0").as_bytes());
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(SIZE, format!("{size:011o}\0").as_bytes());
    put(136, format!("{MTIME:011o}\0").as_bytes());
    put(CHECKSUM, b"        ");
    put(TYPE, &[kind]);
    put(LINK, cut(target));
    put(257, b"ustar\x0000");
    put(329, b"0000000\0");
    put(337, b"0000000\0");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[CHECKSUM..CHECKSUM + 8].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

/// As much of `text` as a field holds, in whole characters.
fn cut(text: &str) -> &[u8] {
    &text.as_bytes()[..text.floor_char_boundary(LONGEST_TEXT)]
}

fn text(field: &[u8]) -> Vec<u8> {
    field
        .iter()
        .copied()
        .take_while(|byte| *byte != 0)
        .collect()
}

fn octal(field: &[u8]) -> Option<u64> {
    field.iter().try_fold(0u64, |value, byte| match byte {
        b'0'..=b'7' => Some(value << 3 | u64::from(byte - b'0')),
        _ => None,
    })
}
