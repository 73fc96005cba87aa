output "state_bucket" {
  description = "Bucket of Terraform's state; scripts/deploy derives the same name from the account."
  value       = aws_s3_bucket.state.bucket
}

output "plan_role_arn" {
  description = "For the GitHub variable AWS_PLAN_ROLE of the repository."
  value       = aws_iam_role.plan.arn
}

output "apply_role_arns" {
  description = "For the GitHub variable AWS_APPLY_ROLE of each environment."
  value       = { for name, role in aws_iam_role.apply : name => role.arn }
}

output "permissions_boundaries" {
  description = "For the variable permissions_boundary of the root module, by environment; the scripts know the names."
  value       = { for environment, policy in aws_iam_policy.boundary_of : environment => policy.name }
}
