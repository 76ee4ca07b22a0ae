//! Finds the runtime's own lines about a failure in the log, so that a terminal that explains the failure does not show the lines as well.

/// The beginning of a line of a stack trace, after the line about the failure.
const FRAME: &[u8] = b"    at ";

/// The beginnings of the runtime's lines about a failure.
#[derive(Clone, Debug)]
pub(super) struct FailureLines([Vec<u8>; 2]);

impl FailureLines {
    /// The lines about the event with this request id, and about init.
    pub(super) fn of(request_id: &str) -> FailureLines {
        FailureLines([format!("[ERROR] {request_id} ").into_bytes(), b"[FATAL] ".to_vec()])
    }

    /// How many bytes of `text` come before a line about a failure, or before an incomplete line that can become one.
    pub(super) fn bytes_before(&self, text: &[u8]) -> usize {
        let may_be = |line: &&[u8]| self.0.iter().any(|begin| line.starts_with(begin) || begin.starts_with(line));
        text.split_inclusive(|byte| *byte == b'\n').take_while(|line| !may_be(line)).map(<[u8]>::len).sum()
    }

    /// `log` without the line that says `message` and without the stack trace after this line.
    pub(super) fn without(&self, log: &[u8], message: &str) -> Vec<u8> {
        let mut rest: Vec<u8> = Vec::new();
        let mut lines = log.split_inclusive(|byte| *byte == b'\n').peekable();
        while let Some(line) = lines.next() {
            let said = self.0.iter().find_map(|begin| line.strip_prefix(begin.as_slice()));
            if said.is_some_and(|said| said.trim_ascii_end() == message.trim_end().as_bytes()) {
                while lines.next_if(|line| line.starts_with(FRAME)).is_some() {}
            } else {
                rest.extend_from_slice(line);
            }
        }
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_can_become_a_line_about_a_failure_is_held_back() {
        for (text, shown) in [
            ("working\n", "working\n"),
            ("working", "working"),
            ("a\n[ERR", "a\n"),
            ("a\n[ERROR] other x\n", "a\n[ERROR] other x\n"),
            ("a\n[ERROR] id x\nb\n", "a\n"),
            ("[FATAL] x", ""),
            ("", ""),
        ] {
            assert_eq!(&text[..FailureLines::of("id").bytes_before(text.as_bytes())], shown, "{text:?}");
        }
    }

    #[test]
    fn only_the_line_with_this_message_and_its_stack_are_left_out() {
        let log =
            "[ERROR] id mine\n    at h (f.sh:1)\n[ERROR] id f.sh:2: no\n    at g (f.sh:2)\n    at h (f.sh:3)\nlate\n";
        let rest = FailureLines::of("id").without(log.as_bytes(), "f.sh:2: no");
        assert_eq!(String::from_utf8(rest).unwrap(), "[ERROR] id mine\n    at h (f.sh:1)\nlate\n");
        assert_eq!(FailureLines::of("id").without(b"[FATAL] a\n", "b"), b"[FATAL] a\n");
    }
}
