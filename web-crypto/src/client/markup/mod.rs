//! What a text looks like: `*bold*`, `_italic_`, `~strike~`, `` `code` ``, blocks of code, links, mentions.
//!
//! A text is never changed: a client that knows nothing of this shows the marks. A mark counts where people mean one, as
//! in the messengers they know: it opens at the beginning of a word and closes at the end of one, on the same line. What
//! comes of a text is a flat list of runs, so that no nesting is too deep.

mod links;

pub use links::{LINK_BYTES_MAX, MENTION, mentioned, target};

use cliquet_wire::address::Address;
use std::{borrow::Cow, fmt, ops::Range};

/// A text of more runs is shown as it was written, so that no page is slowed by it.
pub const RUNS_MAX: usize = 400;

const FENCE: &str = "```";
const MARKS: [char; 3] = ['*', '_', '~'];
/// Between the beginning of a word and a mark that opens.
const HEAD: &[char] = &['(', '[', '"', '\'', '«', '“', '„', '‘'];
/// Between a mark that closes and the end of its word.
const TAIL: &[char] = &['*', '_', '~', '.', ',', ';', ':', '!', '?', ')', ']', '"', '\'', '»', '”', '’', '…'];

/// How letters look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Between `*`.
    pub bold: bool,
    /// Between `_`.
    pub italic: bool,
    /// Between `~`.
    pub struck: bool,
}

/// What a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Letters.
    Text,
    /// Code within a line.
    Code,
    /// A line or several of code, apart from other text. Neighbours are one block.
    Block,
    /// A link; [`target`] says where to.
    Link,
    /// Speaks of an account; [`mentioned`] says of which. It is shown by its name.
    Mention,
}

/// A piece of a text that looks the same from its beginning to its end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Run<'a> {
    /// What is shown.
    pub text: &'a str,
    /// What it is.
    pub kind: Kind,
    /// How it looks.
    pub style: Style,
}

/// The runs of a text, in order. What is missing between them are marks.
pub fn runs(text: &str) -> Vec<Run<'_>> {
    let whole = Run { text, kind: Kind::Text, style: Style::default() };
    if !text.contains(['*', '_', '~', '`', '.', ':', '@']) {
        return vec![whole];
    }
    let mut reader = Reader { text, runs: Vec::new() };
    reader.read();
    if reader.runs.len() > RUNS_MAX {
        return vec![whole];
    }
    let run = |(range, kind, style): (Range<usize>, Kind, Style)| text.get(range).map(|text| Run { text, kind, style });
    reader.runs.into_iter().filter_map(run).collect()
}

/// A text without its marks, for where it is shown in short.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(['*', '_', '~', '`']) {
        return Cow::Borrowed(text);
    }
    runs(text).iter().map(|run| run.text).collect()
}

/// The same with accounts by their names.
pub fn plain_named(text: &str, name: impl Fn(&Address) -> String) -> Cow<'_, str> {
    if !text.contains(MENTION) {
        return plain(text);
    }
    let shown = |run: &Run<'_>| match mentioned(run.text).filter(|_| run.kind == Kind::Mention) {
        Some(account) => [&*MENTION.to_string(), &*name(&account)].concat(),
        None => run.text.to_owned(),
    };
    runs(text).iter().map(shown).collect()
}

/// Whether a text speaks of an account.
pub fn mentions(text: &str, account: &Address) -> bool {
    let mut runs = runs(text).into_iter().filter(|run| run.kind == Kind::Mention);
    text.contains(MENTION) && runs.any(|run| mentioned(run.text).as_ref() == Some(account))
}

struct Reader<'a> {
    text: &'a str,
    runs: Vec<(Range<usize>, Kind, Style)>,
}

/// A piece of a line that is something else than letters.
enum Token {
    /// One of [`MARKS`], which begins or ends a style.
    Mark(usize),
    /// Code between two backticks, which are left out.
    Code(Range<usize>),
    /// Or a mention.
    Link(Range<usize>),
}

impl<'a> Reader<'a> {
    fn read(&mut self) {
        let mut from = 0;
        let mut fence = 0;
        while let Some(open) = self.find(FENCE, fence) {
            let begin = open + FENCE.len();
            let Some(close) = self.find(FENCE, begin) else { break };
            let code = self.slice(begin..close);
            if code.trim().is_empty() {
                fence = close;
                continue;
            }
            self.lines(from..open);
            from = close + FENCE.len();
            fence = from;
            if code.contains('\n') {
                // The line breaks around the fences are the block's edges.
                let begin = if code.starts_with('\n') { begin + 1 } else { begin };
                self.push(begin..close, Kind::Block, Style::default());
                if self.slice(from..self.text.len()).starts_with('\n') {
                    if !code.ends_with('\n') {
                        self.push(from..from + 1, Kind::Block, Style::default());
                    }
                    from += 1;
                }
            } else {
                self.push(begin..close, Kind::Code, Style::default());
            }
        }
        self.lines(from..self.text.len());
    }

    fn find(&self, what: &str, from: usize) -> Option<usize> {
        Some(from + self.text.get(from..)?.find(what)?)
    }

    fn slice(&self, range: Range<usize>) -> &'a str {
        self.text.get(range).unwrap_or_default()
    }

    fn lines(&mut self, range: Range<usize>) {
        let mut start = range.start;
        while start < range.end {
            let rest = self.slice(start..range.end);
            let end = rest.find('\n').map_or(range.end, |end| start + end + 1);
            self.line(start..end);
            start = end;
        }
    }

    fn line(&mut self, range: Range<usize>) {
        let tokens = tokens(self.slice(range.clone()));
        let (mut at, mut style) = (range.start, Style::default());
        for token in tokens {
            let (before, after) = match &token {
                Token::Mark(mark) => (*mark, mark + 1),
                Token::Code(code) => (code.start - 1, code.end + 1),
                Token::Link(link) => (link.start, link.end),
            };
            self.push(at..range.start + before, Kind::Text, style);
            at = range.start + after;
            match token {
                Token::Mark(mark) => match self.slice(range.start + mark..at) {
                    "*" => style.bold = !style.bold,
                    "_" => style.italic = !style.italic,
                    _ => style.struck = !style.struck,
                },
                Token::Code(_) => self.push(range.start + before + 1..at - 1, Kind::Code, style),
                Token::Link(link) => {
                    let text = self.slice(range.start + link.start..at);
                    let kind = if text.starts_with(MENTION) { Kind::Mention } else { Kind::Link };
                    self.push(range.start + before..at, kind, style);
                }
            }
        }
        self.push(at..range.end, Kind::Text, style);
    }

    fn push(&mut self, range: Range<usize>, kind: Kind, style: Style) {
        if range.is_empty() {
            return;
        }
        match self.runs.last_mut() {
            Some((last, Kind::Text, same)) if kind == Kind::Text && *same == style && last.end == range.start => {
                last.end = range.end;
            }
            _ => self.runs.push((range, kind, style)),
        }
    }
}

/// What of a line is no letters, in order.
fn tokens(line: &str) -> Vec<Token> {
    // Letters, each with what follows them.
    let mut letters: Vec<(Range<usize>, Option<Token>)> = Vec::new();
    let mut opened = Opened::default();
    let mut read = |range: Range<usize>, code: Option<Range<usize>>| {
        let mut at = range.start;
        for link in links_within(line, range.clone(), &mut opened) {
            let before = at..link.start;
            at = link.end;
            letters.push((before, Some(Token::Link(link))));
        }
        letters.push((at..range.end, code.map(Token::Code)));
    };
    let find = |from: usize| Some(from + line.get(from..)?.find('`')?);
    let (mut free, mut from) = (0, 0);
    while let Some(open) = find(from) {
        let Some(close) = find(open + 1) else { break };
        if line.get(open + 1..close).is_none_or(|code| code.trim().is_empty()) {
            from = close;
            continue;
        }
        read(free..open, Some(open + 1..close));
        free = close + 1;
        from = free;
    }
    read(free..line.len(), None);
    let mut paired = vec![false; line.len()];
    for mark in MARKS {
        let mut open = None;
        for at in letters.iter().flat_map(|(range, _)| places(line, range.clone(), mark)) {
            match open {
                Some(open_at) if open_at + 1 < at && closes(line, at, mark) => {
                    for place in [open_at, at] {
                        if let Some(paired) = paired.get_mut(place) {
                            *paired = true;
                        }
                    }
                    open = None;
                }
                _ if opens(line, at, mark) => open = Some(at),
                _ => {}
            }
        }
    }
    let mut tokens = Vec::new();
    for (range, next) in letters {
        tokens.extend(range.filter(|at| paired.get(*at) == Some(&true)).map(Token::Mark));
        tokens.extend(next);
    }
    tokens
}

fn places(line: &str, range: Range<usize>, mark: char) -> impl Iterator<Item = usize> {
    let start = range.start;
    line.get(range).unwrap_or_default().match_indices(mark).map(move |(at, _)| start + at)
}

/// Which of [`MARKS`] are open at some place of a line.
#[derive(Default)]
struct Opened([bool; 3]);

impl Opened {
    /// Goes on over a range of the line.
    fn read(&mut self, line: &str, range: Range<usize>) {
        for (mark, open) in MARKS.into_iter().zip(&mut self.0) {
            for at in places(line, range.clone(), mark) {
                *open ^= opens(line, at, mark) || closes(line, at, mark);
            }
        }
    }

    fn has(&self, mark: char) -> bool {
        MARKS.iter().zip(self.0).any(|(one, open)| *one == mark && open)
    }
}

/// The links in a part of a line. A mark that closes is no part of a link, and neither is one that opens.
fn links_within(line: &str, range: Range<usize>, opened: &mut Opened) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut start = range.start;
    for word in line.get(range).unwrap_or_default().split_inclusive(char::is_whitespace) {
        let begin = start;
        start += word.len();
        let word = word.trim_end();
        let is_head = |one: char| HEAD.contains(&one) || MARKS.contains(&one) && closes_later(line, begin, one);
        let inner = word.trim_start_matches(is_head);
        let inner_begin = begin + word.len() - inner.len();
        opened.read(line, begin..inner_begin);
        let letters = inner.trim_end_matches(TAIL).len();
        let tail = inner.get(letters..).unwrap_or_default();
        let end = tail.find(|one| opened.has(one)).map_or(inner.len(), |at| letters + at);
        let mut at = inner_begin;
        for link in links::links(inner.get(..end).unwrap_or_default()) {
            opened.read(line, at..inner_begin + link.start);
            at = inner_begin + link.end;
            found.push(inner_begin + link.start..at);
        }
        opened.read(line, at..start);
    }
    found
}

/// Whether the same mark is there again, behind a place.
fn closes_later(line: &str, at: usize, mark: char) -> bool {
    line.get(at + 1..).is_some_and(|rest| rest.contains(mark))
}

/// Whether a mark may begin something: in front of a word.
fn opens(line: &str, at: usize, mark: char) -> bool {
    let before = before(line, at);
    let after = after(line, at);
    before.is_none_or(|one| !one.is_alphanumeric() && one != mark)
        && after.is_some_and(|one| !one.is_whitespace() && one != mark)
}

/// Whether a mark may end something: behind a word.
fn closes(line: &str, at: usize, mark: char) -> bool {
    let before = before(line, at);
    let after = after(line, at);
    before.is_some_and(|one| !one.is_whitespace() && one != mark)
        && after.is_none_or(|one| !one.is_alphanumeric() && one != mark)
}

fn before(line: &str, at: usize) -> Option<char> {
    line.get(..at)?.chars().next_back()
}

fn after(line: &str, at: usize) -> Option<char> {
    line.get(at + 1..)?.chars().next()
}

/// Texts are personal.
impl fmt::Debug for Run<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("bytes", &self.text.len())
            .field("kind", &self.kind)
            .field("style", &self.style)
            .finish()
    }
}

#[cfg(test)]
mod tests;
