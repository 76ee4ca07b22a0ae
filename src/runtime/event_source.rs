//! Names the places where a handler finds its event.

/// Where a function of a script finds its event. A program finds the event on stdin in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventSource {
    /// In `$1`.
    Argument,
    /// On stdin.
    Stdin,
    /// By CGI: an HTTP request, in variables and on stdin.
    Cgi,
}
