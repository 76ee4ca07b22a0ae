variable "name" {
  description = "The function's name; its role, its log and its layer are named after it"
  type        = string
}

variable "function_zip" {
  description = "What `coshell package` wrote, without the runtime"
  type        = string
}

variable "runtime_zip" {
  description = "What `coshell layer` wrote, for the same architecture"
  type        = string
}

variable "architecture" {
  description = "What both zips were made for"
  type        = string
  default     = "x86_64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture is x86_64 or arm64."
  }
}

variable "handler" {
  description = "The script without .sh, a dot, and its function"
  type        = string
  default     = "function.handler"
}

variable "memory_megabytes" {
  description = "The processor's share grows with it"
  type        = number
  default     = 128
}

variable "timeout_seconds" {
  description = "The time limit of an event"
  type        = number
  default     = 30
}

variable "public_url" {
  description = "Whether the function has a URL that everybody can call"
  type        = bool
  default     = false
}

variable "durable_execution_seconds" {
  description = "Makes the function durable: the time limit of a whole execution. It cannot be set for a function that exists without it"
  type        = number
  default     = null

  validation {
    condition     = var.durable_execution_seconds == null ? true : var.durable_execution_seconds >= 1 && var.durable_execution_seconds <= 31622400
    error_message = "durable_execution_seconds is 1 to 31622400."
  }
}

variable "durable_retention_days" {
  description = "How long the history of a durable execution is kept after its end"
  type        = number
  default     = 14
}

variable "log_retention_days" {
  description = "How long the log is kept"
  type        = number
  default     = 14
}

variable "environment" {
  description = "The function's variables"
  type        = map(string)
  default     = {}
}
