//! The AWS CLI's shorthand syntax: `Key=value,List=[a,b],Map={x=1}`.

use serde_json::{Map, Value};

/// Why a text is no shorthand, in the AWS CLI's words.
pub type Reason = String;

struct Parser<'a> {
    text: Vec<char>,
    position: usize,
    resolve: &'a dyn Fn(&str) -> Result<String, Reason>,
    resolves: bool,
}

/// Parses a text.
pub fn parse(text: &str, resolve: &dyn Fn(&str) -> Result<String, Reason>) -> Result<Value, Reason> {
    let mut parser = Parser { text: text.chars().collect(), position: 0, resolve, resolves: false };
    let mut members = Map::new();
    let mut last = 0;
    loop {
        let (key, value) = parser.key_value()?;
        if members.contains_key(&key) {
            return Err(format!(
                "Second instance of key \"{key}\" encountered for input:\n{}\nThis is often because there is a preceding \",\" instead of a space.",
                parser.location(last + 1)
            ));
        }
        members.insert(key, value);
        last = parser.position;
        if parser.is_at_end() {
            return Ok(Value::Object(members));
        }
        parser.expect(',', true)?;
    }
}

fn is_start(character: char) -> bool {
    // Anything but the quotes, `"'`, comma, `=`'s special neighbours and brackets.
    matches!(character, '!' | '#'..='&' | '('..='+' | '-'..='<' | '>'..='Z' | '\\'..='z' | '|'..='\u{ffff}')
}

fn is_first_follow(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, '!' | '#'..='&' | '('..='+' | '-'..='\\' | '^'..='|' | '~'..='\u{ffff}')
}

fn is_second_follow(character: char) -> bool {
    character.is_whitespace() || matches!(character, '!' | '#'..='&' | '('..='+' | '-'..='<' | '>'..='\u{ffff}')
}

impl Parser<'_> {
    fn current(&self) -> Option<char> {
        self.text.get(self.position).copied()
    }

    fn is_at_end(&self) -> bool {
        self.position >= self.text.len()
    }

    fn skip_whitespace(&mut self) {
        while self.current().is_some_and(char::is_whitespace) {
            self.position += 1;
        }
    }

    /// The input with a caret below a position.
    fn location(&self, index: usize) -> String {
        let text: String = self.text.iter().collect();
        let index = index.min(self.text.len());
        let line_start = self.text[..index].iter().rposition(|character| *character == '\n').map_or(0, |line| line + 1);
        let caret = format!("{}^", " ".repeat(index - line_start));
        match self.text[index..].iter().position(|character| *character == '\n') {
            Some(next) => {
                let (before, after) = self.text.split_at(index + next);
                format!("{}\n{caret}{}", before.iter().collect::<String>(), after.iter().collect::<String>())
            }
            None => format!("{text}\n{caret}"),
        }
    }

    fn unexpected(&self, expected: &str, received: &str) -> Reason {
        format!("Expected: '{expected}', received: '{received}' for input:\n{}", self.location(self.position))
    }

    fn expect(&mut self, wanted: char, whitespace: bool) -> Result<(), Reason> {
        if whitespace {
            self.skip_whitespace();
        }
        match self.current() {
            Some(current) if current == wanted => self.position += 1,
            Some(current) => return Err(self.unexpected(&wanted.to_string(), &current.to_string())),
            None => return Err(self.unexpected(&wanted.to_string(), "EOF")),
        }
        if whitespace {
            self.skip_whitespace();
        }
        Ok(())
    }

    fn key(&mut self) -> Result<String, Reason> {
        let start = self.position;
        while self.current().is_some_and(|character| character.is_ascii_alphanumeric() || "-_.#/:".contains(character))
        {
            self.position += 1;
        }
        let key = self.text[start..self.position].iter().collect();
        self.resolves = self.expect('@', true).is_ok();
        self.expect('=', true)?;
        Ok(key)
    }

    fn key_value(&mut self) -> Result<(String, Value), Reason> {
        let key = self.key()?;
        let value = match self.current() {
            None => Value::from(""),
            Some('[') => self.list()?,
            Some('{') => self.map()?,
            Some(_) => self.comma_values()?,
        };
        Ok((key, value))
    }

    fn comma_values(&mut self) -> Result<Value, Reason> {
        let first = self.first_value()?;
        self.skip_whitespace();
        if self.current() != Some(',') {
            return Ok(first);
        }
        self.expect(',', true)?;
        let mut values = vec![first];
        loop {
            match self.next_value() {
                Ok((value, true)) => {
                    values.push(value);
                    break;
                }
                Ok((value, false)) => values.push(value),
                Err(reason) if self.is_at_end() => return Err(reason),
                Err(_) => {
                    while self.position > 0 && self.current() != Some(',') {
                        self.position -= 1;
                    }
                    break;
                }
            }
        }
        Ok(if values.len() == 1 { values.swap_remove(0) } else { Value::Array(values) })
    }

    /// A further value of a list without brackets, and whether it is the last one.
    fn next_value(&mut self) -> Result<(Value, bool), Reason> {
        let value = match self.current() {
            Some(quote @ ('\'' | '"')) => self.quoted(quote)?,
            _ => self
                .word(is_second_follow)
                .map_or_else(|| Err(self.unexpected("<second>", "<none>")), |word| self.resolved(word))?,
        };
        self.skip_whitespace();
        if self.is_at_end() {
            return Ok((value, true));
        }
        self.expect(',', true)?;
        Ok((value, false))
    }

    fn first_value(&mut self) -> Result<Value, Reason> {
        match self.current() {
            Some(quote @ ('\'' | '"')) => self.quoted(quote),
            _ => {
                let word = self.word(is_first_follow).unwrap_or_default();
                self.resolved(word)
            }
        }
    }

    /// A word; commas in it have a backslash before them.
    fn word(&mut self, follows: fn(char) -> bool) -> Option<String> {
        let mut word = String::new();
        loop {
            let next = self.text.get(self.position + 1);
            match self.current() {
                Some('\\') if next == Some(&',') => {
                    word.push(',');
                    self.position += 2;
                }
                Some(character) if if word.is_empty() { is_start(character) } else { follows(character) } => {
                    word.push(character);
                    self.position += 1;
                }
                Some(_) | None => break,
            }
        }
        (!word.is_empty()).then(|| word.trim_end().to_owned())
    }

    fn quoted(&mut self, quote: char) -> Result<Value, Reason> {
        let mut text = String::new();
        let mut position = self.position + 1;
        loop {
            match self.text.get(position) {
                None => {
                    let name = if quote == '"' { "<double quoted>" } else { "<singled quoted>" };
                    return Err(self.unexpected(name, "<none>"));
                }
                Some('\\') if self.text.get(position + 1) == Some(&quote) => {
                    text.push('\\');
                    text.push(quote);
                    position += 2;
                }
                Some(character) if *character == quote => break,
                Some(character) => {
                    text.push(*character);
                    position += 1;
                }
            }
        }
        self.position = position + 1;
        self.resolved(text.replace(&format!("\\{quote}"), &quote.to_string()).replace("\\\\", "\\"))
    }

    fn resolved(&self, text: String) -> Result<Value, Reason> {
        Ok(Value::from(if self.resolves { (self.resolve)(&text)? } else { text }))
    }

    fn inner(&mut self) -> Result<Value, Reason> {
        match self.current() {
            Some('[') => self.list(),
            Some('{') => self.map(),
            _ => self.first_value(),
        }
    }

    fn list(&mut self) -> Result<Value, Reason> {
        self.expect('[', true)?;
        let mut values = Vec::new();
        while self.current() != Some(']') {
            values.push(self.inner()?);
            self.skip_whitespace();
            if self.current() != Some(']') {
                self.expect(',', false)?;
                self.skip_whitespace();
            }
        }
        self.expect(']', false)?;
        Ok(Value::Array(values))
    }

    fn map(&mut self) -> Result<Value, Reason> {
        self.expect('{', true)?;
        let mut members = Map::new();
        while self.current() != Some('}') {
            let key = self.key()?;
            let value = self.inner()?;
            self.skip_whitespace();
            if self.current() != Some('}') {
                self.expect(',', false)?;
                self.skip_whitespace();
            }
            members.insert(key, value);
        }
        self.expect('}', false)?;
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn gives(text: &str, expected: &str) {
        let parsed = parse(text, &|text| Ok(text.to_owned()));
        assert_eq!(parsed.map_or_else(|reason| reason, |value| value.to_string()), expected, "{text}");
    }

    #[test]
    fn shorthand_is_parsed_as_the_aws_cli_parses_it() {
        gives("a=b", r#"{"a":"b"}"#);
        gives("a=b,c=d", r#"{"a":"b","c":"d"}"#);
        gives("a=b,c,d=e", r#"{"a":["b","c"],"d":"e"}"#);
        gives("a=[b,c],d={e=f,g=[h]}", r#"{"a":["b","c"],"d":{"e":"f","g":["h"]}}"#);
        gives("a='x,y',b=\"q\\\"r\"", r#"{"a":"x,y","b":"q\"r"}"#);
        gives("a=x\\,y", r#"{"a":"x,y"}"#);
        gives("a=", r#"{"a":""}"#);
        gives("a=1,b=2 3", r#"{"a":"1","b":"2 3"}"#);
        gives("a=b=c", r#"{"a":"b=c"}"#);
        gives("a", "Expected: '=', received: 'EOF' for input:\na\n ^");
    }
}
