//! The lines of handlers/README.md that ask where a handler runs, and for which tenant: as they stand there, under the real emulator.

use std::fs;

use crate::support::emulator::Emulator;
use crate::support::skip::cannot;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/handlers/README.md");

#[test]
fn the_pages_lines_print_the_availability_zone_and_the_tenant() {
    if cannot("curl", &["--version"]) {
        return;
    }
    let page = fs::read_to_string(PAGE).unwrap();
    let (_, section) = page.split_once("## Availability zone and tenant\n").unwrap();
    let lines = section.split("```bash\n").nth(1).unwrap().split("```").next().unwrap();
    let Some(mut emulator) = Emulator::serve(&format!("handler() {{\n{lines}}}\n")) else { return };
    let zone = "{\"AvailabilityZoneID\":\"use1-az1\"}";
    assert_eq!(emulator.invoke(b"{}").text(), format!("{zone}tenant: none"), "{}", emulator.log());
    assert_eq!(emulator.invoke_for_tenant("acme", b"{}").text(), format!("{zone}tenant: acme"), "{}", emulator.log());
}
