//! What becomes of an event when a process is killed, crashes or stops: every process of an environment × every signal × every
//! moment, and the page tests/faults.md, which is made of it: `UPDATE_GOLDEN=1 cargo test --test it faults` writes it anew.

mod cell;
mod page;
mod told;
mod wrong_event;

use cell::{Cell, Victim, When};
use nix::sys::signal::Signal;

use crate::failures::on_threads;
use crate::support::bash;

const SIGNALS: [Signal; 4] = [Signal::SIGKILL, Signal::SIGSEGV, Signal::SIGSTOP, Signal::SIGTERM];

#[test]
fn whatever_process_dies_or_stops_no_event_hangs_and_none_gets_the_answer_of_another() {
    if bash::is_not_5_2() {
        return;
    }
    let moments = Victim::ALL.iter().flat_map(|victim| When::ALL.map(|when| (*victim, when)));
    let cells = moments.flat_map(|(victim, when)| SIGNALS.map(|signal| Cell { victim, when, signal }));
    let cells: Vec<Cell> = cells.filter(|cell| cell.victim.lives(cell.when)).collect();
    let told = on_threads(6, &cells, Cell::run); // most of them wait
    assert_eq!(page::difference(&told), None);
}
