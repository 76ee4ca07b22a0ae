//! The Extensions API of the embedded Runtime API, for internal extensions.

use coshell::lambda::runtime_api::RuntimeApi;

use crate::support::wire::Wire;

const REGISTER: &str = "/2020-01-01/extension/register";

#[test]
fn an_extension_gets_an_identifier_and_its_next_stays_parked_until_the_end() {
    let api = RuntimeApi::start().unwrap();
    let mut wire = Wire::connect(api.address());
    let headers = [("Lambda-Extension-Name", "bootstrap")];
    let answer = wire.post(REGISTER, &headers, b"{\"events\":[]}");
    assert_eq!(answer.status, 200);
    assert_eq!(api.extensions(), ["bootstrap"]);
    let identifier = answer.header("Lambda-Extension-Identifier").unwrap();
    let head = "GET /2020-01-01/extension/event/next HTTP/1.1\r\nHost: lambda\r\nLambda-Extension-Identifier: ";
    wire.send(format!("{head}{identifier}\r\n\r\n").as_bytes());
    drop(api);
    assert!(wire.is_closed_by_server());
}

#[test]
fn what_an_internal_extension_may_not_ask_for_is_refused_as_the_emulator_refuses_it() {
    let api = RuntimeApi::start().unwrap();
    let mut wire = Wire::connect(api.address());
    assert_eq!(wire.post(REGISTER, &[("Lambda-Extension-Name", "a")], b"{\"events\":[]}").status, 200);
    for (name, body, error_type) in [
        ("", "{\"events\":[]}", "Extension.InvalidExtensionName"),
        ("b", "{\"ev", "InvalidRequestFormat"),
        ("b", "{\"events\":[\"SHUTDOWN\"]}", "Extension.InvalidEventType"),
        ("b", "{\"events\":[\"X\"]}", "Extension.InvalidEventType"),
        ("a", "{\"events\":[]}", "Extension.InvalidExtensionState"),
    ] {
        let answer = wire.post(REGISTER, &[("Lambda-Extension-Name", name)], body.as_bytes());
        assert_eq!((answer.status, answer.error_type()), (403, error_type.to_owned()), "{name} {body}");
    }
    for (identifier, error_type) in [
        ("", "Extension.MissingExtensionIdentifier"),
        ("Lambda-Extension-Identifier: x\r\n", "Extension.UnknownExtensionIdentifier"),
    ] {
        wire.send(
            format!("GET /2020-01-01/extension/event/next HTTP/1.1\r\nHost: lambda\r\n{identifier}\r\n").as_bytes(),
        );
        let answer = wire.answer();
        assert_eq!((answer.status, answer.error_type()), (403, error_type.to_owned()));
    }
    assert_eq!(api.extensions(), ["a"]);
}
