# With capacity = "spot": when the spot group cannot launch, an SSM automation opens the on-demand group and
# closes the spot group. None of our code runs for that. The stops of schedule.tf hold for both groups.

resource "aws_cloudwatch_event_rule" "no_spot" {
  count = var.capacity == "spot" ? 1 : 0

  name        = "${local.name}-no-spot"
  description = "The spot group could not launch an instance."
  event_pattern = jsonencode({
    source        = ["aws.autoscaling"]
    "detail-type" = ["EC2 Instance Launch Unsuccessful"]
    detail        = { AutoScalingGroupName = [local.groups.primary.name] }
  })
}

resource "aws_ssm_document" "fall_back" {
  count = var.capacity == "spot" ? 1 : 0

  name            = "${local.name}-fall-back"
  document_type   = "Automation"
  document_format = "JSON"
  content = jsonencode({
    schemaVersion = "0.3"
    description   = "Opens the on-demand group in place of the spot group."
    assumeRole    = aws_iam_role.fall_back[0].arn
    mainSteps = [for name, desired in { openFallback = 1, closeSpot = 0 } : {
      name   = name
      action = "aws:executeAwsApi"
      inputs = {
        Service              = "autoscaling"
        Api                  = "UpdateAutoScalingGroup"
        AutoScalingGroupName = desired == 1 ? "${local.name}-fallback" : local.name
        MinSize              = 0
        MaxSize              = 1
        DesiredCapacity      = desired
      }
    }]
  })
}

resource "aws_cloudwatch_event_target" "fall_back" {
  count = var.capacity == "spot" ? 1 : 0

  rule     = aws_cloudwatch_event_rule.no_spot[0].name
  arn      = replace(aws_ssm_document.fall_back[0].arn, ":document/", ":automation-definition/")
  role_arn = aws_iam_role.fall_back[0].arn
}
