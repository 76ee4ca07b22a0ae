//! `coshell serve`: what a client of Lambda's API, of a function URL, or a person at the terminal sees.

mod admission;
mod cgi;
mod clients;
mod ends;
mod function_url;
mod invoke_api;
mod probes;
mod streaming;
mod told;
mod url_formats;
mod watch;
