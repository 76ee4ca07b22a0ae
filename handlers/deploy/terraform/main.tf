# A Bash function on coshell: the layer with the runtime, the function, its role and its log.

locals {
  is_durable = var.durable_execution_seconds != null
}

resource "aws_lambda_layer_version" "runtime" {
  layer_name               = "${var.name}-runtime"
  description              = "coshell, a runtime for Bash"
  filename                 = var.runtime_zip
  source_code_hash         = filebase64sha256(var.runtime_zip) # the CodeSha256 that coshell prints
  compatible_runtimes      = ["provided.al2023"]
  compatible_architectures = [var.architecture]
}

resource "aws_lambda_function" "this" {
  function_name    = var.name
  role             = aws_iam_role.this.arn
  filename         = var.function_zip
  source_code_hash = filebase64sha256(var.function_zip)
  runtime          = "provided.al2023"
  architectures    = [var.architecture]
  handler          = var.handler
  layers           = [aws_lambda_layer_version.runtime.arn]
  memory_size      = var.memory_megabytes
  timeout          = var.timeout_seconds
  publish          = local.is_durable

  dynamic "durable_config" {
    for_each = local.is_durable ? [1] : []

    content {
      execution_timeout = var.durable_execution_seconds
      retention_period  = var.durable_retention_days
    }
  }

  environment {
    # Ends an event this long before its time limit, and reports where it was.
    variables = merge({ COSHELL_TIMEOUT_MARGIN_MS = "500" }, var.environment)
  }

  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.this.name
  }

  depends_on = [aws_iam_role_policy_attachment.log]
}

# Lambda invokes a durable function only by a version or an alias.
resource "aws_lambda_alias" "live" {
  count = local.is_durable ? 1 : 0

  name             = "live"
  function_name    = aws_lambda_function.this.function_name
  function_version = aws_lambda_function.this.version
}

# An ARN without a version never matches.
resource "aws_iam_role_policy" "durable" {
  count = local.is_durable ? 1 : 0

  name = "durable"
  role = aws_iam_role.this.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["lambda:CheckpointDurableExecution", "lambda:GetDurableExecutionState"]
      Resource = "${aws_lambda_function.this.arn}:*"
    }]
  })
}

resource "aws_lambda_function_url" "this" {
  count = var.public_url ? 1 : 0

  function_name      = aws_lambda_function.this.function_name
  authorization_type = "NONE"
}

# A caller of a function URL needs both of these permissions, since October 2025.
resource "aws_lambda_permission" "url" {
  count = var.public_url ? 1 : 0

  statement_id           = "url"
  function_name          = aws_lambda_function.this.function_name
  principal              = "*"
  action                 = "lambda:InvokeFunctionUrl"
  function_url_auth_type = "NONE"
}

resource "aws_lambda_permission" "url_invoke" {
  count = var.public_url ? 1 : 0

  statement_id             = "url-invoke"
  function_name            = aws_lambda_function.this.function_name
  principal                = "*"
  action                   = "lambda:InvokeFunction"
  invoked_via_function_url = true
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
}

resource "aws_iam_role" "this" {
  name = "${var.name}-role"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "log" {
  role       = aws_iam_role.this.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}
