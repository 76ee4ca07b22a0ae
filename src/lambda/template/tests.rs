use super::*;

const TEMPLATE: &str = r#"
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: dev}
Globals:
  Function:
    Runtime: provided.al2023
    Timeout: 10
    Environment:
      Variables: {STAGE: !Ref Stage, RETRIES: 3}
Resources:
  Table: {Type: AWS::DynamoDB::Table}
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub orders-${Stage}
      CodeUri: orders/
      Handler: function.handler
      MemorySize: 256
      Environment:
        Variables:
          TABLE: !Ref Table
          PAGE: !Ref Page
      Events:
        Get: {Type: HttpApi, Properties: {Path: '/orders/{id}', Method: get}}
  Page:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: page
      Handler: function.handler
      Timeout: !Ref Missing
      FunctionUrlConfig: {AuthType: NONE, InvokeMode: RESPONSE_STREAM}
  Web:
    Type: AWS::Serverless::Function
    Properties: {Runtime: nodejs22.x, CodeUri: web/, Handler: index.handler}
  Plain:
    Type: AWS::Lambda::Function
    Properties: {Runtime: provided.al2023, Handler: function.handler, Code: {S3Bucket: b, S3Key: k}}
"#;

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["orders", "page"] {
        fs::create_dir(folder.path().join(name)).unwrap();
        fs::write(folder.path().join(name).join("function.sh"), "handler() { :; }").unwrap();
    }
    folder
}

#[test]
fn functions_are_read_with_their_globals_and_others_are_skipped_with_a_reason() {
    let folder = folder();
    let template = parse(TEMPLATE, folder.path()).unwrap();
    let [orders, page] = template.functions.as_slice() else { panic!("{template:?}") };
    assert_eq!((orders.logical_id.as_str(), orders.name.as_str()), ("Orders", "orders-dev"));
    assert_eq!((orders.timeout.unwrap().as_secs(), orders.memory_mb), (10, Some(256)));
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(orders.variables, [pair("STAGE", "dev"), pair("RETRIES", "3"), pair("PAGE", "Page")]);
    assert_eq!(orders.unresolved, [pair("TABLE", "!Ref Table")]);
    assert_eq!((orders.api_events.len(), orders.url), (1, None));
    assert_eq!((page.name.as_str(), page.url), ("Page", Some(InvokeMode::ResponseStream)));
    assert_eq!(page.warnings, ["Timeout is not a number: `!Ref Missing`"]);
    let reasons: Vec<String> = template.skipped.iter().map(|(id, reason)| format!("{id}: {reason}")).collect();
    assert_eq!(
        reasons,
        [
            "Web: its runtime is `nodejs22.x`, and coshell serves `provided.al2023`",
            "Plain: its code is not a local folder"
        ]
    );
}

#[test]
fn a_missing_folder_script_or_handler_is_named() {
    let folder = folder();
    let error = |change: (&str, &str)| {
        format!("{:#}", parse(&TEMPLATE.replace(change.0, change.1), folder.path()).unwrap_err())
    };
    let missing = error(("orders/", "nowhere"));
    assert!(
        missing.contains("function `Orders`: cannot find the folder `") && missing.contains("nowhere"),
        "{missing}"
    );
    let missing = error(("Handler: function.handler\n      MemorySize", "Handler: other.handler\n      MemorySize"));
    assert!(missing.contains("function `Orders`: ") && missing.contains("other.sh"), "{missing}");
    let missing = error(("Handler: function.handler\n      MemorySize", "MemorySize"));
    assert!(missing.contains("function `Orders`: it has no Handler"), "{missing}");
    assert_eq!(error((TEMPLATE, "a: 1")), "the template has no `Resources`");
}
