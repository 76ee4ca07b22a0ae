//! `coshell serve`, as clients of Lambda's API and of function URLs see it, and a person at the terminal.

mod access_log;
mod clients;
mod ends;
mod function_url;
mod guide;
mod invoke_api;
mod origin_check;
mod probes;
mod streaming;
mod template;
mod template_apis;
mod url_formats;
mod watch;
