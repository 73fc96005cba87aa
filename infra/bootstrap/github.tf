# Who GitHub's workflows are in this account: a reader for plans, and one writer for each environment. No
# long-lived key exists.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account_id   = data.aws_caller_identity.current.account_id
  partition    = data.aws_partition.current.partition
  oidc_host    = "token.actions.githubusercontent.com"
  oidc_arn     = "arn:${local.partition}:iam::${local.account_id}:oidc-provider/${local.oidc_host}"
  environments = ["staging", "prod"]

  policy_values = {
    partition    = local.partition
    region       = var.region
    account_id   = local.account_id
    state_bucket = local.state_bucket
    boundary_arn = "arn:${local.partition}:iam::${local.account_id}:policy/mecris-boundary"
  }

  # Plans run for pull requests and, before the approval, for main. An apply has to come from the environment,
  # whose rules GitHub enforces.
  plan_subjects = ["repo:${var.github_repository}:pull_request", "repo:${var.github_repository}:ref:refs/heads/main"]
}

resource "aws_iam_openid_connect_provider" "github" {
  count = var.create_oidc_provider ? 1 : 0

  url            = "https://${local.oidc_host}"
  client_id_list = ["sts.amazonaws.com"]
}

# No role that an apply makes can do more than this, whatever its own policies say.
resource "aws_iam_policy" "boundary" {
  name        = "mecris-boundary"
  description = "The most that any role made by Mecris' Terraform may do."
  policy = templatefile("${path.module}/policies/boundary.json.tftpl", {
    partition  = local.partition
    region     = var.region
    account_id = local.account_id
  })
}

resource "aws_iam_role" "plan" {
  name                 = "mecris-plan"
  description          = "GitHub workflows that plan: reads, changes nothing."
  max_session_duration = 3600
  assume_role_policy = templatefile("${path.module}/policies/trust-github.json.tftpl", {
    oidc_arn  = local.oidc_arn
    oidc_host = local.oidc_host
    subjects  = local.plan_subjects
  })
}

resource "aws_iam_role_policy" "plan" {
  name   = "plan"
  role   = aws_iam_role.plan.id
  policy = templatefile("${path.module}/policies/plan.json.tftpl", local.policy_values)
}

resource "aws_iam_role" "apply" {
  for_each = toset(local.environments)

  name                 = "mecris-apply-${each.key}"
  description          = "GitHub workflows that apply to ${each.key}."
  max_session_duration = 3600
  assume_role_policy = templatefile("${path.module}/policies/trust-github.json.tftpl", {
    oidc_arn  = local.oidc_arn
    oidc_host = local.oidc_host
    subjects  = ["repo:${var.github_repository}:environment:${each.key}"]
  })
}

# Two documents for each role, because a role takes at most 10,240 characters of inline policies, and because
# the two have different purposes.
resource "aws_iam_role_policy" "apply" {
  for_each = { for pair in setproduct(local.environments, ["apply-state", "apply-stack", "apply-roles"]) : "${pair[0]}/${pair[1]}" => pair }

  name   = each.value[1]
  role   = aws_iam_role.apply[each.value[0]].id
  policy = templatefile("${path.module}/policies/${each.value[1]}.json.tftpl", merge(local.policy_values, { environment = each.value[0] }))
}

resource "aws_iam_role_policy" "apply_reads" {
  for_each = aws_iam_role.apply

  name   = "plan"
  role   = each.value.id
  policy = templatefile("${path.module}/policies/plan.json.tftpl", local.policy_values)
}
