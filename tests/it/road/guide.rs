//! The page whose commands are run: in its `console` blocks a line after `$ ` is typed, and what follows it was printed.

use std::fs;

use super::mask::masked;
use super::terminal::Terminal;
use super::transcript::Transcript;

const DEPLOY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/handlers/deploy/README.md");

const DURABLE_PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/handlers/DURABLE.md");

/// The guide up to the templates. After them come commands that moto does not know.
pub const GUIDE: Page = Page { path: DEPLOY, from: "# ", to: "\n## Templates\n" };
/// The guide's function URL.
pub const FUNCTION_URL: Page = Page { path: DEPLOY, from: "## Give the function a URL\n", to: "\n## " };
/// The guide's SnapStart.
pub const SNAP_START: Page = Page { path: DEPLOY, from: "## SnapStart\n", to: "\n## " };
/// The guide's durable functions.
pub const DEPLOY_DURABLE: Page = Page { path: DEPLOY, from: "## Durable functions\n", to: "\n## " };
/// The page on durable functions, up to the commands that need other tools than coshell.
pub const DURABLE: Page = Page { path: DURABLE_PAGE, from: "# ", to: "\n## With AWS's local runner\n" };
/// How that page uses AWS's local runner.
pub const LOCAL_RUNNER: Page = Page { path: DURABLE_PAGE, from: "## With AWS's local runner\n", to: "\n## " };
/// How that page answers callbacks.
pub const CALLBACKS: Page = Page { path: DURABLE_PAGE, from: "### Answer a callback", to: "\n### " };
/// The page on customer-managed runtimes.
pub const RUNTIME: Page =
    Page { path: concat!(env!("CARGO_MANIFEST_DIR"), "/handlers/deploy/RUNTIME.md"), from: "# ", to: "\0" };
/// The README's way to AWS.
pub const FIVE_MINUTES: Page =
    Page { path: concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"), from: "## On AWS in five minutes\n", to: "\n## " };

/// What is walked of a page: from the first of these words to the next of those, or to its end.
pub struct Page {
    path: &'static str,
    from: &'static str,
    to: &'static str,
}

enum Piece {
    /// Kept as it is.
    Text(String),
    Command {
        typed: String,
        printed: String,
    },
}

/// What the page says, beside what it should say.
pub struct Told {
    path: &'static str,
    before: String,
    shown: String,
    walked: String,
    after: String,
}

/// Types every command of the page, in its order.
pub fn walk(page: &Page, terminal: &Terminal) -> (Told, Transcript) {
    let [before, shown, after] = page.read();
    let mut transcript = Transcript::default();
    let walked = pieces(&shown).into_iter().map(|piece| match piece {
        Piece::Text(text) => text,
        Piece::Command { typed, .. } => {
            let printed = terminal.run(typed.trim_start_matches("$ "));
            transcript.add(&typed, &printed);
            typed + &printed
        }
    });
    let walked = walked.collect();
    (Told { path: page.path, before, shown, walked, after }, transcript)
}

/// The commands of the page, in its order.
pub fn commands(page: &Page) -> Vec<String> {
    let [_, shown, _] = page.read();
    let typed = pieces(&shown).into_iter().filter_map(|piece| match piece {
        Piece::Text(_) => None,
        Piece::Command { typed, .. } => Some(typed.trim_start_matches("$ ").to_owned()),
    });
    typed.collect()
}

impl Page {
    /// The `bash` blocks of the page.
    pub fn blocks(&self) -> Vec<String> {
        let [_, shown, _] = self.read();
        shown.split("```bash\n").skip(1).filter_map(|block| block.split("```").next()).map(str::to_owned).collect()
    }

    /// The scripts of the page, as their first lines name them: `# NAME/function.sh`. Each is its name and its text.
    pub fn scripts(&self) -> Vec<(String, String)> {
        let named = self.blocks().into_iter().filter_map(|block| {
            let name = block.lines().next()?.strip_prefix("# ").filter(|name| name.ends_with("/function.sh"))?;
            Some((name.to_owned(), block.clone()))
        });
        named.collect()
    }

    /// What is before the part that is walked, that part, and what is after it.
    fn read(&self) -> [String; 3] {
        let text = fs::read_to_string(self.path).unwrap();
        let from = text.find(self.from).unwrap_or_else(|| panic!("{} has no {:?}", self.path, self.from));
        let to = text[from..].find(self.to).map_or(text.len(), |at| from + at);
        [&text[..from], &text[from..to], &text[to..]].map(str::to_owned)
    }
}

impl Told {
    /// The page shows what was printed, but for what differs from run to run; with UPDATE_GOLDEN it is written anew.
    #[track_caller]
    pub fn assert_is_shown(&self) {
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            return fs::write(self.path, [&*self.before, &self.walked, &self.after].concat()).unwrap();
        }
        for (shown, walked) in pieces(&self.shown).iter().zip(&pieces(&self.walked)) {
            let (shown, walked) = (masked(&shown.text()), masked(&walked.text()));
            assert!(
                shown == walked,
                "{} shows\n{shown}\nand what was printed is\n{walked}\n(UPDATE_GOLDEN=1 writes it anew)",
                self.path
            );
        }
    }
}

impl Piece {
    fn text(&self) -> String {
        match self {
            Piece::Text(text) => text.clone(),
            Piece::Command { typed, printed } => format!("{typed}{printed}"),
        }
    }
}

fn pieces(page: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let (mut in_block, mut continued) = (false, false);
    for line in page.split_inclusive('\n') {
        if line.starts_with("```") {
            in_block = line == "```console\n";
            pieces.push(Piece::Text(line.to_owned()));
            continue;
        }
        let starts = in_block && line.starts_with("$ ");
        match pieces.last_mut() {
            Some(Piece::Command { typed, .. }) if continued => typed.push_str(line),
            _ if starts => pieces.push(Piece::Command { typed: line.to_owned(), printed: String::new() }),
            Some(Piece::Command { printed, .. }) if in_block => printed.push_str(line),
            _ => pieces.push(Piece::Text(line.to_owned())),
        }
        continued = (starts || continued) && line.ends_with("\\\n");
    }
    pieces
}
