//! Checks the updates of a checkpoint, as the service does. Sources: the service model 2015-03-31 in botocore 1.44.8, and what AWS's
//! local runner 1.4.0 refuses.

use super::record::Record;
use super::refusal::Refusal;
use super::update::Update;

const MAX_ID_BYTES: usize = 64;
const MAX_NAME_BYTES: usize = 256;
const MAX_PAYLOAD_BYTES: usize = 1024 * 1024;
const MAX_EXECUTION_BYTES: usize = 6 * 1024 * 1024;
const MAX_SECONDS: u64 = 31_622_400;
/// The most operations of one execution.
const MAX_OPERATIONS: usize = 3000;

/// Checks all updates against the operations, and against each other.
pub(super) fn check(updates: &[Update], records: &[Record]) -> Result<(), Refusal> {
    let mut records = records.to_vec();
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for (place, update) in updates.iter().enumerate() {
        let refuse = |message: &str| Err(Refusal::parameter(&format!("{message} (update of operation {})", update.id)));
        let is_id = |id: &str| {
            let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            (1..=MAX_ID_BYTES).contains(&id.len()) && id.bytes().all(is_allowed)
        };
        let is_name = |name: &String| {
            (1..=MAX_NAME_BYTES).contains(&name.len()) && name.bytes().all(|b| (0x20..0x7f).contains(&b))
        };
        if !is_id(&update.id) || !update.parent.as_deref().is_none_or(is_id) {
            return refuse("Invalid Id or ParentId");
        }
        if !update.name.as_ref().is_none_or(is_name) {
            return refuse("Invalid Name");
        }
        let most = if update.kind == "EXECUTION" { MAX_EXECUTION_BYTES } else { MAX_PAYLOAD_BYTES };
        if update.payload.as_ref().is_some_and(|payload| payload.len() > most) {
            return refuse("Payload is too large");
        }
        let again = seen.iter().filter(|(id, _)| *id == update.id).map(|(_, action)| *action).collect::<Vec<&str>>();
        let may_follow =
            again == ["START"] && update.action != "START" && matches!(update.kind.as_str(), "STEP" | "CONTEXT");
        if !again.is_empty() && !may_follow {
            return refuse("Cannot update the same operation twice in a single request.");
        }
        seen.push((&update.id, &update.action));
        if update.kind == "EXECUTION" {
            if place + 1 < updates.len() {
                return refuse("EXECUTION must be the last update");
            }
            continue;
        }
        if let Some(parent) = &update.parent
            && !records.iter().any(|record| record.id == *parent && record.kind == "CONTEXT" && !record.has_ended())
        {
            return refuse("Invalid ParentId: it is no open context");
        }
        let known = records.iter().position(|record| record.id == update.id);
        match known.map(|place| &records[place]) {
            Some(known) if is_another(known, update) => return refuse("Inconsistent operation"),
            known => check_transition(update, known.map(|known| known.status))?,
        }
        check_options(update)?;
        let place = known.unwrap_or_else(|| {
            records.push(update.new_record(0));
            records.len() - 1
        });
        update.change(&mut records[place], 0);
    }
    if records.len() > MAX_OPERATIONS {
        return Err(Refusal::parameter("the execution has more than 3,000 operations"));
    }
    Ok(())
}

fn is_another(known: &Record, update: &Update) -> bool {
    known.kind != update.kind
        || known.sub_type != update.sub_type
        || known.name != update.name
        || known.parent != update.parent
}

fn check_transition(update: &Update, status: Option<&str>) -> Result<(), Refusal> {
    let (kind, action) = (update.kind.as_str(), update.action.as_str());
    let is_right = match (kind, action) {
        ("STEP", "START") => matches!(status, None | Some("READY")),
        ("STEP", "SUCCEED" | "FAIL" | "RETRY") => matches!(status, None | Some("STARTED" | "READY")),
        ("WAIT" | "CALLBACK" | "CHAINED_INVOKE" | "CONTEXT", "START") => status.is_none(),
        ("WAIT", "CANCEL") => status == Some("STARTED"),
        ("CONTEXT", "SUCCEED" | "FAIL") => matches!(status, None | Some("STARTED")),
        _ => false,
    };
    let has_both = update.payload.is_some() && update.error.is_some();
    let is_swapped = (action == "SUCCEED" && update.error.is_some()) || (action == "FAIL" && update.payload.is_some());
    if is_right && !has_both && !is_swapped {
        return Ok(());
    }
    let now = status.unwrap_or("not begun");
    Err(Refusal::parameter(&format!("Invalid current {kind} state to {action}: operation {} is {now}", update.id)))
}

fn check_options(update: &Update) -> Result<(), Refusal> {
    let needed = match (update.kind.as_str(), update.action.as_str()) {
        ("STEP", "RETRY") => Some("NextAttemptDelaySeconds"),
        ("WAIT", "START") => Some("WaitSeconds"),
        _ => None,
    };
    let is_right = needed.is_none_or(|name| (1..=MAX_SECONDS).contains(&update.number(name)));
    let has_function = update.kind != "CHAINED_INVOKE" || update.options["FunctionName"].is_string();
    if is_right && has_function {
        return Ok(());
    }
    Err(Refusal::parameter(&format!("Invalid options of the operation {}", update.id)))
}
