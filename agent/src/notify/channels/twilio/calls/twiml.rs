//! The TwiML document: what Twilio does when the person picks up.

use std::io;

use quick_xml::{
    Writer,
    events::{BytesText, Event},
};

/// The longest document that Twilio accepts inline, in characters.
const LONGEST: usize = 4000;

/// A document that says the text twice. Before each time there is a pause, so that the person can raise the
/// phone to the ear.
///
/// The tag is in a comment and is not said. It helps an operator to match a call with its record.
pub(super) fn say_twice(text: &str, tag: &str, voice: &str, language: &str) -> String {
    // XML cannot hold control characters.
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    for times in [2, 1] {
        match document(&text, times, tag, voice, language) {
            Ok(document) if document.chars().count() <= LONGEST => return document,
            _ => {}
        }
    }
    // Not reached with a text of Mecris, which has two segments at most.
    let short: String = text.chars().take(LONGEST / 10).collect();
    document(&short, 1, tag, voice, language).unwrap_or_default()
}

fn document(text: &str, times: u32, tag: &str, voice: &str, language: &str) -> io::Result<String> {
    let mut writer = Writer::new(Vec::new());
    writer.create_element("Response").write_inner_content(|writer| {
        // Two hyphens would end the comment. No tag has hyphens.
        let comment = format!(" {} ", tag.replace('-', ""));
        writer.write_event(Event::Comment(BytesText::from_escaped(comment)))?;
        for _ in 0..times {
            writer
                .create_element("Pause")
                .with_attribute(("length", "1"))
                .write_empty()?;
            writer
                .create_element("Say")
                .with_attributes([("voice", voice), ("language", language)])
                .write_text_content(BytesText::new(text))?;
        }
        Ok(())
    })?;
    String::from_utf8(writer.into_inner()).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use quick_xml::{Reader, escape::resolve_predefined_entity};

    use super::*;

    fn twiml(text: &str) -> String {
        say_twice(text, "#k7q2x9", "Polly.Joanna", "en-US")
    }

    /// What a parser makes of it: the elements, and what is said.
    fn parsed(document: &str) -> (Vec<String>, Vec<String>) {
        let mut reader = Reader::from_str(document);
        let (mut elements, mut said) = (Vec::new(), Vec::new());
        let mut words = String::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Start(tag) | Event::Empty(tag) => {
                    elements.push(tag.name().as_ref().to_owned());
                }
                Event::Text(text) => words.push_str(&text),
                Event::GeneralRef(entity) => {
                    words.push_str(resolve_predefined_entity(&entity).unwrap());
                }
                Event::End(tag) if tag.name().as_ref() == "Say" => said.push(std::mem::take(&mut words)),
                Event::Eof => return (elements, said),
                _ => {}
            }
        }
    }

    #[test]
    fn the_text_is_said_twice_and_the_tag_is_not() {
        let document = twiml("Mecris: reading derails today 23:59");
        insta::assert_snapshot!(document);
        let (elements, said) = parsed(&document);
        assert_eq!(elements, ["Response", "Pause", "Say", "Pause", "Say"]);
        assert_eq!(said, ["Mecris: reading derails today 23:59"; 2]);
    }

    #[test]
    fn no_text_breaks_out_of_what_is_said() {
        for text in [
            "a < b && \"c\" > 'd'",
            "</Say><Hangup/><Say>",
            "]]>",
            "<!-- & -->",
            "&lt;Say&gt;",
            "\u{202e}é",
        ] {
            let (elements, said) = parsed(&twiml(text));
            assert_eq!(elements, ["Response", "Pause", "Say", "Pause", "Say"], "{text}");
            assert_eq!(said, [text; 2]);
        }
    }

    #[test]
    fn a_document_is_never_longer_than_twilio_takes() {
        for (text, times) in [("&".repeat(300), 2), ("&".repeat(500), 1), ("&".repeat(5000), 1)] {
            let document = twiml(&text);
            assert!(document.len() <= LONGEST, "{}", document.len());
            assert_eq!(parsed(&document).1.len(), times);
        }
    }
}
