output "function_name" {
  description = "For aws lambda invoke"
  value       = aws_lambda_function.this.function_name
}

output "function_arn" {
  description = "For what calls the function"
  value       = aws_lambda_function.this.arn
}

output "runtime_layer_arn" {
  description = "The layer's version, for other functions"
  value       = aws_lambda_layer_version.runtime.arn
}

output "role_name" {
  description = "For more policies"
  value       = aws_iam_role.this.name
}

output "durable_alias_arn" {
  description = "For what starts executions; null for a function that is not durable"
  value       = one(aws_lambda_alias.live[*].arn)
}

output "url" {
  description = "For browsers and curl; null without public_url"
  value       = one(aws_lambda_function_url.this[*].function_url)
}
