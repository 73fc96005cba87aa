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
    environments = local.environments
    scope        = "*" # in names: every environment

    boundary_arns = { for environment in local.environments : environment => "arn:${local.partition}:iam::${local.account_id}:policy/mecris-boundary-${environment}" }

    # As variables_compute.tf of the stack allows them. No other size can be started, whatever a template says.
    instance_types = flatten([for sizes, families in {
      "nano micro small medium large" = "t4g t3 t3a"
      "medium large"                  = "m6g m7g m8g c6g c7g c8g r6g r7g r8g"
      "large"                         = "m5 m6i m6a m7i m7a c5 c6i c6a c7i c7a"
    } : [for pair in setproduct(split(" ", families), split(" ", sizes)) : join(".", pair)]])
  }

  # Plans run for pull requests and, before the approval, for main. An apply has to come from the environment,
  # whose rules GitHub enforces.
  plan_subjects = ["${local.repository}:pull_request", "${local.repository}:ref:refs/heads/main"]

  # How GitHub names the repository to AWS: with its numbers if it was made, renamed or transferred since
  # 15 July 2026, or has asked for them. The other form is not trusted beside it.
  numbers    = var.github_owner_id == null ? ["", ""] : ["@${var.github_owner_id}", "@${var.github_repository_id}"]
  repository = "repo:${join("/", [for n, name in split("/", var.github_repository) : "${name}${local.numbers[n]}"])}"
}

resource "aws_iam_openid_connect_provider" "github" {
  count = var.create_oidc_provider ? 1 : 0

  url            = "https://${local.oidc_host}"
  client_id_list = ["sts.amazonaws.com"]
}

# No role that an apply makes can do more than this, whatever its own policies say, and nothing in the other
# environment.
resource "aws_iam_policy" "boundary_of" {
  for_each = toset(local.environments)

  name        = "mecris-boundary-${each.key}"
  description = "The most that any role of ${each.key} made by Mecris' Terraform may do."
  policy      = templatefile("${path.module}/policies/boundary.json.tftpl", merge(local.policy_values, { environment = each.key }))
}

# The one boundary that both environments once had. Their roles have it until they are applied again, so it is
# left to a person to delete.
removed {
  from = aws_iam_policy.boundary

  lifecycle {
    destroy = false
  }
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
    subjects  = ["${local.repository}:environment:${each.key}"]
  })
}

# One document for each purpose, as managed policies: what is inline in a role may have 10,240 characters
# altogether. `plan` is the reading that every apply begins with, of its own environment only.
resource "aws_iam_policy" "apply" {
  for_each = { for pair in setproduct(local.environments, ["apply-network", "apply-roles", "apply-stack", "apply-state", "plan"]) : "${pair[0]}/${pair[1]}" => pair }

  name        = "mecris-apply-${each.value[0]}-${trimprefix(each.value[1], "apply-")}"
  description = "What GitHub workflows that apply to ${each.value[0]} may do: ${trimprefix(each.value[1], "apply-")}."
  policy = templatefile("${path.module}/policies/${each.value[1]}.json.tftpl", merge(local.policy_values, {
    environment  = each.value[0]
    environments = [each.value[0]]
    scope        = each.value[0]
  }))
}

resource "aws_iam_role_policy_attachment" "apply" {
  for_each = aws_iam_policy.apply

  role       = aws_iam_role.apply[split("/", each.key)[0]].name
  policy_arn = each.value.arn
}
