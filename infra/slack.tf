# Alarms in a Slack channel, if one is set. Chatbot may only read what an alarm refers to.

resource "aws_iam_role" "slack" {
  count = var.slack == null ? 0 : 1

  name                 = "${local.name}-slack"
  description          = "AWS Chatbot, which shows alarms in Slack."
  permissions_boundary = local.boundary_name
  assume_role_policy   = templatefile("${path.module}/policies/trust.json.tftpl", { service = "chatbot.amazonaws.com", account_id = local.account_id })
}

resource "aws_iam_role_policy" "slack" {
  count = var.slack == null ? 0 : 1

  name   = "read-alarms"
  role   = aws_iam_role.slack[0].id
  policy = templatefile("${path.module}/policies/slack-read.json.tftpl", local.policy_values)
}

resource "aws_chatbot_slack_channel_configuration" "alarms" {
  count = var.slack == null ? 0 : 1

  configuration_name    = local.name
  iam_role_arn          = aws_iam_role.slack[0].arn
  slack_team_id         = var.slack.team_id
  slack_channel_id      = var.slack.channel_id
  sns_topic_arns        = [aws_sns_topic.alarms.arn]
  guardrail_policy_arns = ["arn:${local.partition}:iam::aws:policy/CloudWatchReadOnlyAccess"]
  logging_level         = "ERROR"
}
