//! `coshell events`: lists and prints sample events of the services that invoke functions.
//!
//! A sample has every field that the service sends, with invented values. The samples contain the parts that are easy to get wrong: URL-encoded
//! keys, bodies that are JSON in a string, data in base64, and numbers that DynamoDB writes as strings.

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser};

use super::exit_status::ExitStatus;
use super::terminal;
use crate::lambda::contract::Caller;

const EXAMPLES: &str = "\
Examples:
  coshell events                                       every name, with the sender of the event
  coshell events sqs | jq '.Records[0].body'
  coshell events sqs > events/orders.json              a test's event: change the file afterwards
  coshell events s3 | coshell invoke handlers/s3 -     the same as `coshell invoke handlers/s3 --sample s3`

Exit status:
  0 printed   1 stdout cannot be written   2 there is no such sample";

/// The arguments of `coshell events`.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The sample to print [default: list them all]
    #[arg(value_name = "NAME", value_parser = names(), hide_possible_values = true)]
    pub name: Option<String>,
}

/// A sample event.
#[derive(Debug)]
pub struct Sample {
    /// The name of the sample on the command line.
    pub name: &'static str,
    /// Who sends the event, and what the event is about.
    pub about: &'static str,
    /// The event, JSON on several lines.
    pub text: &'static str,
}

macro_rules! sample {
    ($name:literal, $about:literal) => {
        Sample { name: $name, about: $about, text: include_str!(concat!("samples/", $name, ".json")) }
    };
}

/// The sample whose sender cannot be recognised from the event.
const STEP_FUNCTIONS: &str = "step-functions";

/// All samples, in the order in which they are listed.
pub const SAMPLES: [Sample; 16] = [
    sample!("http-api", "an HTTP API of API Gateway, payload format 2.0: POST with a JSON body"),
    sample!("rest-api", "a REST API of API Gateway: GET"),
    sample!("function-url", "a function URL: GET"),
    sample!("alb", "an Application Load Balancer: GET"),
    sample!("authorizer", "an HTTP API that asks whether a request is allowed, format 2.0"),
    sample!("sqs", "two messages of a queue"),
    sample!("sns", "a notification of a topic"),
    sample!("s3", "a new object, reported by the bucket itself; its key is URL-encoded"),
    sample!("eventbridge", "a new object, reported through EventBridge; its key is not encoded"),
    sample!("schedule", "a schedule of EventBridge"),
    sample!("dynamodb", "two changes of a table's stream"),
    sample!("kinesis", "two records of a stream; the data is base64"),
    sample!("logs", "a subscription to CloudWatch Logs; the data is gzip in base64"),
    sample!("cognito", "a user pool before a sign-up; the response is the event itself"),
    sample!("custom-resource", "CloudFormation, which waits for an answer at ResponseURL"),
    sample!("step-functions", "a task of a state machine; its input is what the state machine says"),
];

impl Sample {
    /// The sample of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Sample> {
        SAMPLES.iter().find(|sample| sample.name == name)
    }

    /// The service that sends the event.
    #[must_use]
    pub fn caller(&self) -> Caller {
        if self.name == STEP_FUNCTIONS { Caller::StepFunctions } else { Caller::of(self.text.as_bytes()) }
    }
}

/// The names for the command line. For a wrong name, clap suggests the nearest one.
pub(crate) fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(SAMPLES.iter().map(|sample| PossibleValue::new(sample.name).help(sample.about)))
}

/// Runs the command.
#[must_use]
pub fn run(arguments: &Arguments) -> ExitStatus {
    let text = match arguments.name.as_deref().and_then(Sample::named) {
        Some(sample) => sample.text.to_owned(),
        None => list(),
    };
    terminal::print(text.as_bytes())
        .map_or_else(|error| ExitStatus::Failed.with_error(&error), |()| ExitStatus::Success)
}

fn list() -> String {
    let width = SAMPLES.iter().map(|sample| sample.name.len()).max().unwrap_or_default();
    SAMPLES.iter().map(|Sample { name, about, .. }| format!("{name:width$}  {about}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_json_and_those_with_a_contract_are_recognised() {
        for sample in &SAMPLES {
            let event: serde_json::Value = serde_json::from_str(sample.text).unwrap();
            assert!(event.is_object(), "{}", sample.name);
            let expected = match sample.name {
                "http-api" => Caller::HttpApi,
                "rest-api" => Caller::RestApi,
                "function-url" => Caller::FunctionUrl,
                "alb" => Caller::Alb,
                "sqs" => Caller::Sqs,
                "kinesis" => Caller::Kinesis,
                "dynamodb" => Caller::DynamoDb,
                STEP_FUNCTIONS => Caller::StepFunctions,
                _ => Caller::None,
            };
            assert_eq!(sample.caller(), expected, "{}", sample.name);
        }
    }
}
