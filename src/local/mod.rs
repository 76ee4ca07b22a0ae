//! The developer's side: an embedded Runtime API and the commands of `coshell`.
