variable "bucket" {
  type        = string
  description = "The bucket, as its resource names it."
}

variable "arn" {
  type        = string
  description = "Its ARN, made of names alone, so that a plan shows the policy in full."
}

variable "keep_old_versions_days" {
  type        = number
  description = "For how many days what was overwritten or deleted can be had back."
}
