# Who may do what. Each policies/<role>-<purpose>.json.tftpl is one policy of that role, and nothing else
# gives a right. The policies name resources by their names, not by attributes that are known only after an
# apply, so that a plan shows every right in full.

locals {
  policy_values = {
    partition     = local.partition
    region        = var.region
    account_id    = local.account_id
    bucket_name   = local.bucket_name
    state_prefix  = local.state_prefix
    secret_name   = local.secret_name
    parameter     = local.parameter
    log_group     = local.log_group
    metric_space  = local.metric_space
    name          = local.name
    fall_back_arn = "arn:${local.partition}:iam::${local.account_id}:role/${local.name}-fall-back"
  }

  agent_policies = { for file in fileset("${path.module}/policies", "agent-*.json.tftpl") : trimsuffix(trimprefix(file, "agent-"), ".json.tftpl") => file }
}

resource "aws_iam_role" "agent" {
  name                 = "${local.name}-agent"
  description          = "The instance that runs mecris-agent."
  permissions_boundary = local.boundary_name
  assume_role_policy   = templatefile("${path.module}/policies/trust.json.tftpl", { service = "ec2.amazonaws.com", account_id = null })
}

resource "aws_iam_role_policy" "agent" {
  for_each = local.agent_policies

  name   = each.key
  role   = aws_iam_role.agent.id
  policy = templatefile("${path.module}/policies/${each.value}", local.policy_values)
}

resource "aws_iam_instance_profile" "agent" {
  name = "${local.name}-agent"
  role = aws_iam_role.agent.name
}

resource "aws_iam_role" "backstop" {
  name                 = "${local.name}-backstop"
  description          = "EventBridge Scheduler, which stops what runs after the window."
  permissions_boundary = local.boundary_name
  assume_role_policy   = templatefile("${path.module}/policies/trust.json.tftpl", { service = "scheduler.amazonaws.com", account_id = local.account_id })
}

resource "aws_iam_role_policy" "backstop" {
  name   = "stop"
  role   = aws_iam_role.backstop.id
  policy = templatefile("${path.module}/policies/backstop-stop.json.tftpl", local.policy_values)
}

resource "aws_iam_role" "fall_back" {
  count = var.capacity == "spot" ? 1 : 0

  name                 = "${local.name}-fall-back"
  description          = "EventBridge and its automation, which open the on-demand group when there is no spot capacity."
  permissions_boundary = local.boundary_name
  assume_role_policy   = templatefile("${path.module}/policies/trust-fall-back.json.tftpl", { account_id = local.account_id })
}

resource "aws_iam_role_policy" "fall_back" {
  count = var.capacity == "spot" ? 1 : 0

  name   = "fall-back"
  role   = aws_iam_role.fall_back[0].id
  policy = templatefile("${path.module}/policies/fall-back.json.tftpl", local.policy_values)
}
