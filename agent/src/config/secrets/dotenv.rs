//! The syntax of a `.env` file, as python-dotenv reads it: the system before this one used that, and other
//! programs' lines stand in the same file. Two things differ. No variable is replaced, because a `$` in a
//! token is part of the token. And `NAME= # comment` has no value.

/// One statement of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Statement<'a> {
    /// The line where it begins, from 1.
    pub(super) line: usize,
    /// What stands before the `=`; empty if that could not be read.
    pub(super) name: &'a str,
    /// What stands behind the `=`; `None`: the statement cannot be read.
    pub(super) value: Option<String>,
}

/// All statements of a text, in order. A name without `=` sets nothing and is left out, as are comments.
pub(super) fn statements(text: &str) -> Vec<Statement<'_>> {
    let mut reader = Reader { text, at: 0 };
    let mut found = Vec::new();
    let (mut line, mut counted) = (1, 0);
    loop {
        reader.skip(char::is_whitespace);
        if reader.rest().is_empty() {
            return found;
        }
        line += text[counted..reader.at].matches('\n').count();
        counted = reader.at;
        let mut name = "";
        match reader.statement(&mut name) {
            Ok(None) => {}
            Ok(value) => found.push(Statement { line, name, value }),
            Err(Unreadable) => {
                reader.skip(|c| !is_line_end(c));
                found.push(Statement {
                    line,
                    name,
                    value: None,
                });
            }
        }
    }
}

struct Unreadable;

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Skips the characters that `wanted` wants, and returns them.
    fn skip(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// The value; `None` if the statement sets nothing.
    fn statement(&mut self, name: &mut &'a str) -> Result<Option<String>, Unreadable> {
        if self
            .rest()
            .strip_prefix("export")
            .is_some_and(|rest| rest.starts_with(is_blank))
        {
            self.at += "export".len();
            self.skip(is_blank);
        }
        *name = self.name()?;
        self.skip(is_blank);
        let mut value = None;
        if self.rest().starts_with('=') {
            self.at += 1;
            let blanks = self.skip(is_blank);
            value = Some(match self.rest().chars().next() {
                Some(quote @ ('\'' | '"')) => self.quoted(quote)?,
                Some('#') if !blanks.is_empty() => String::new(),
                _ => without_comment(self.skip(|c| !is_line_end(c))).to_owned(),
            });
        }
        self.skip(is_blank);
        if self.rest().starts_with('#') {
            self.skip(|c| !is_line_end(c));
        }
        let is_end = self.rest().is_empty() || self.rest().starts_with(is_line_end);
        if is_end { Ok(value) } else { Err(Unreadable) }
    }

    /// The name, which may be in single quotes; empty before a comment.
    fn name(&mut self) -> Result<&'a str, Unreadable> {
        if self.rest().starts_with('#') {
            return Ok("");
        }
        if let Some(rest) = self.rest().strip_prefix('\'') {
            let length = rest.find('\'').filter(|length| *length > 0).ok_or(Unreadable)?;
            self.at += length + 2;
            return Ok(&rest[..length]);
        }
        let name = self.skip(|c| !c.is_whitespace() && c != '=' && c != '#');
        if name.is_empty() {
            Err(Unreadable)
        } else {
            Ok(name)
        }
    }

    /// A value in quotes, which may have several lines. It ends at the first mark without a backslash before
    /// it, or else at the last mark.
    fn quoted(&mut self, quote: char) -> Result<String, Unreadable> {
        let rest = &self.rest()[1..];
        let marks = || rest.match_indices(quote).map(|(at, _)| at);
        let end = marks()
            .find(|at| !rest[..*at].ends_with('\\'))
            .or_else(|| rest.rfind(quote))
            .ok_or(Unreadable)?;
        self.at += end + 2;
        Ok(unescaped(&rest[..end], quote))
    }
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() && !is_line_end(c)
}

fn is_line_end(c: char) -> bool {
    c == '\n' || c == '\r'
}

/// A comment begins with a `#` behind white space; any other `#` belongs to the value.
fn without_comment(value: &str) -> &str {
    let comment = value
        .match_indices('#')
        .map(|(at, _)| at)
        .find(|at| value[..*at].ends_with(char::is_whitespace));
    value[..comment.unwrap_or(value.len())].trim_end()
}

/// Replaces what a backslash stands for. In single quotes that is a backslash or a single quote alone.
fn unescaped(value: &str, quote: char) -> String {
    let meaning = |c| match (c, quote) {
        ('\\' | '\'', _) | ('"', '"') => Some(c),
        ('a', '"') => Some('\u{7}'),
        ('b', '"') => Some('\u{8}'),
        ('f', '"') => Some('\u{c}'),
        ('n', '"') => Some('\n'),
        ('r', '"') => Some('\r'),
        ('t', '"') => Some('\t'),
        ('v', '"') => Some('\u{b}'),
        _ => None,
    };
    let mut text = String::with_capacity(value.len());
    let mut characters = value.chars().peekable();
    while let Some(c) = characters.next() {
        let escaped = characters.peek().copied().and_then(meaning).filter(|_| c == '\\');
        if escaped.is_some() {
            characters.next();
        }
        text.push(escaped.unwrap_or(c));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(usize, &str, Option<String>)> {
        statements(text)
            .into_iter()
            .map(|found| (found.line, found.name, found.value))
            .collect()
    }

    #[test]
    fn a_hundred_thousand_lines_are_counted_once() {
        let count = 100_000;
        let text = "export A='b\n' # c\n".repeat(count);
        let found = statements(&text);
        // If all lines before it were counted for each of them, this test would take minutes.
        assert_eq!((found.len(), found.last().unwrap().line), (count, 2 * count - 1));
    }

    /// Every right side is what python-dotenv 1.0 makes of the left one, but for the last row.
    #[test]
    fn values_are_read_as_python_dotenv_reads_them() {
        for (text, value) in [
            ("T=ab$cd1234", "ab$cd1234"),
            ("T=$2b$10$abcdef", "$2b$10$abcdef"),
            ("T=\"ab$cd1234\"", "ab$cd1234"),
            ("T=ab\\cd1234", "ab\\cd1234"),
            ("T=/Users/me/My Vault", "/Users/me/My Vault"),
            ("T=it's fine", "it's fine"),
            ("T={\"a\": \"b c\"}", "{\"a\": \"b c\"}"),
            ("export T=a", "a"),
            ("  T  =  a  ", "a"),
            ("'T'=a", "a"),
            ("T=a#b", "a#b"),
            ("T=a # b", "a"),
            ("T=a=b%20", "a=b%20"),
            ("T=", ""),
            ("T='a # b'  # c", "a # b"),
            ("T='a\\'b\\\\c\\n'", "a'b\\c\\n"),
            ("T=\"a\\\"b\\tc\\$\"", "a\"b\tc\\$"),
            ("T='a\nb'", "a\nb"),
            ("T='a\\'", "a\\"),
            ("T=a\r\n", "a"),
            ("T= # a", ""),
        ] {
            assert_eq!(read(text), [(1, "T", Some(value.to_owned()))], "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_hides_nothing_behind_its_line() {
        let text = "# a comment\nA='a' b\nB\n=c\n\nD=\"d\nE=e";
        let expected = [
            (2, "A", None),
            (4, "", None),
            (6, "D", None),
            (7, "E", Some("e".to_owned())),
        ];
        assert_eq!(read(text), expected);
        assert_eq!(read(" \n"), []);
    }
}
