//! What differs from one run to the next, or with the runtime's build, is one word for each kind of it.

const ACCOUNT: &str = "123456789012";
/// A size of a zip without the runtime has fewer digits, and is the same everywhere.
const DIGITS: usize = 5;

/// `text` with such words in place of ids, dates, hashes, ports and large sizes.
pub fn masked(text: &str) -> String {
    text.split_inclusive('\n').map(masked_line).collect()
}

fn masked_line(line: &str) -> String {
    // A build of the tests is not linked as a release is.
    if line.starts_with("warning: the runtime `") {
        return String::new();
    }
    // Times, versions, and the runtime's size and kind.
    if let Some(start) =
        ["REPORT RequestId:", "aws-cli/", "runtime     "].iter().find(|start| line.starts_with(**start))
    {
        return format!("{start}\n");
    }
    if let Some((time, event)) = line.split_once(" s  ").filter(|(time, _)| is_number_and_time(time)) {
        return format!("{} TIME  {}", time.split_whitespace().next().unwrap_or_default(), masked_line(event));
    }
    let mut masked = String::new();
    for part in line.split_inclusive(|letter: char| letter.is_whitespace() || "\",'()=:".contains(letter)) {
        let end =
            part.len() - part.chars().last().filter(|last| !last.is_ascii_alphanumeric()).map_or(0, char::len_utf8);
        masked.push_str(word(&part[..end]));
        masked.push_str(&part[end..]);
    }
    masked
}

/// Whether it begins a row of the history of a durable execution: `12 3600.3`.
fn is_number_and_time(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    matches!(words[..], [number, time] if number.parse::<u32>().is_ok() && time.parse::<f64>().is_ok())
}

fn word(word: &str) -> &str {
    let all = |kind: fn(&u8) -> bool| word.bytes().all(|byte| kind(&byte));
    let of_base64 = all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte));
    if word.starts_with("callback-") && word.matches('-').count() > 4 {
        return "CALLBACK";
    }
    match word.len() {
        64 if all(u8::is_ascii_hexdigit) => "SHA256",
        43 if of_base64 => "CODESHA256",
        36 if word.matches('-').count() == 4 => "UUID",
        13 if word.starts_with("20") && word.contains('T') => "DATE",
        length if length >= DIGITS && word != ACCOUNT && all(u8::is_ascii_digit) => "NUMBER",
        _ => word,
    }
}

#[test]
fn only_what_differs_is_masked() {
    let table = [
        ("size        1467142 bytes; 270 unzipped", "size        NUMBER bytes; 270 unzipped"),
        ("CodeSha256  BXXfEnn78Bt/WR9dvCRQJ2GSS5TzI5oO9iD1yY4m6tY=\n", "CodeSha256  CODESHA256=\n"),
        ("\"arn:aws:iam::123456789012:role/lambda-role\",", "\"arn:aws:iam::123456789012:role/lambda-role\","),
        ("RequestId: b58b2f18-fb20-4d71-aa9a-ccab096bb523", "RequestId: UUID"),
        ("API=127.0.0.1:30017\n", "API=127.0.0.1:NUMBER\n"),
        ("aws-cli/1.46.2 Python/3.11.7\n", "aws-cli/\n"),
        ("runtime     /home/me/dist/bootstrap-x86_64 (12 bytes, static)\n", "runtime     \n"),
        (" 7 3600.3 s  WaitStarted  3 pause  3600 s\n", "7 TIME  WaitStarted  3 pause  3600 s\n"),
        ("callback-1-b58b2f18-fb20-4d71-aa9a-ccab096bb523", "CALLBACK"),
        ("warning: the runtime `/home/me/dist/bootstrap-x86_64` is linked dynamically\n", ""),
    ];
    for (text, expected) in table {
        assert_eq!(masked(text), expected);
    }
}
