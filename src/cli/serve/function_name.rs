//! Parses the function's name in a request: a name, a partial ARN or a full ARN, each with or without a qualifier.

use super::exception::Exception;

/// The longest tenant id, in characters.
const MAX_TENANT_ID_LENGTH: usize = 256;

/// The `Qualifier` of a query.
pub(super) fn qualifier_of(query: Option<&str>) -> Result<Option<String>, Exception> {
    let mut pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let qualifier = pairs.find(|(name, _)| name == "Qualifier").map(|(_, value)| value.into_owned());
    match qualifier {
        Some(qualifier) if !has_only(&qualifier, "-_$") => Err(invalid("qualifier", &qualifier)),
        qualifier => Ok(qualifier),
    }
}

/// The ARN that the function gets: a full ARN as the request gave it, else `own`; with the qualifier of the request.
pub(super) fn invoked_arn(own: &str, name: &str, qualifier: Option<&str>) -> Result<String, Exception> {
    if !has_only(name, "-_.$:") {
        return Err(invalid("functionName", name));
    }
    let parts: Vec<&str> = name.split(':').collect();
    let at = parts.iter().position(|part| *part == "function").map_or(0, |function| function + 1);
    let given = parts.get(at + 1).copied().filter(|given| !given.is_empty());
    let arn =
        if name.starts_with("arn:") && at < parts.len() && at > 0 { parts[..=at].join(":") } else { own.to_owned() };
    Ok(qualifier.or(given).map_or(arn.clone(), |qualifier| format!("{arn}:{qualifier}")))
}

/// The name alone, of a name, a partial ARN or a full ARN, each with or without a qualifier.
pub(super) fn plain_name(name: &str) -> &str {
    let name = name.rsplit_once("function:").map_or(name, |(_, rest)| rest);
    name.split(':').next().unwrap_or(name)
}

/// Checks a tenant id by Lambda's rules.
pub(super) fn tenant_id(id: String) -> Result<String, Exception> {
    if id.len() <= MAX_TENANT_ID_LENGTH && has_only(&id, "._:/=+-@ ") { Ok(id) } else { Err(invalid("tenantId", &id)) }
}

fn has_only(text: &str, more: &str) -> bool {
    !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphanumeric() || more.contains(letter))
}

fn invalid(what: &str, value: &str) -> Exception {
    let value = value.escape_default();
    Exception::Validation(format!(
        "1 validation error detected: Value '{value}' at '{what}' failed to satisfy constraint: the value is empty, too long, or has characters that Lambda does not allow"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "arn:aws:lambda:us-east-1:123456789012:function:echo";

    #[test]
    fn every_form_of_a_name_gives_an_arn() {
        let table = [
            ("echo", None, OWN.to_owned()),
            ("any.other", Some("live"), format!("{OWN}:live")),
            ("other:$LATEST", None, format!("{OWN}:$LATEST")),
            ("123456789012:function:other:3", None, format!("{OWN}:3")),
            (
                "arn:aws:lambda:eu-west-1:111122223333:function:other",
                None,
                "arn:aws:lambda:eu-west-1:111122223333:function:other".to_owned(),
            ),
            (
                "arn:aws:lambda:eu-west-1:111122223333:function:other:live",
                None,
                "arn:aws:lambda:eu-west-1:111122223333:function:other:live".to_owned(),
            ),
            ("arn:", None, OWN.to_owned()),
        ];
        for (name, qualifier, arn) in table {
            assert_eq!(invoked_arn(OWN, name, qualifier), Ok(arn), "`{name}`");
        }
        for name in ["echo", "echo:3", "123456789012:function:echo:3", OWN, &format!("{OWN}:live")] {
            assert_eq!(plain_name(name), "echo");
        }
        assert!(invoked_arn(OWN, "a\r\nb", None).is_err());
    }

    #[test]
    fn a_tenant_id_has_lambdas_letters_and_length() {
        for id in ["blue", "a b@c/d=e+f._:-", &"t".repeat(MAX_TENANT_ID_LENGTH)] {
            assert_eq!(tenant_id(id.to_owned()), Ok(id.to_owned()));
        }
        for id in ["", "a;b", "a\"b", &"t".repeat(MAX_TENANT_ID_LENGTH + 1)] {
            assert!(tenant_id(id.to_owned()).is_err(), "{id}");
        }
    }

    #[test]
    fn a_qualifier_is_decoded_and_checked() {
        assert_eq!(qualifier_of(Some("a=b&Qualifier=%24LATEST")), Ok(Some("$LATEST".to_owned())));
        assert_eq!(qualifier_of(None), Ok(None));
        assert!(qualifier_of(Some("Qualifier=a%0Ab")).is_err());
    }
}
