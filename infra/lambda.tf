# Passes outside the window: `mecris-agent run` in a Lambda function, at the times of lambda_passes. Without
# times none of these resources exists.
#
# The function reads the same parameter and secret as the instance and copies its state to the same place, so
# that the fence between two instances (docs/ARCHITECTURE.md, "State") holds between instance and function as
# well. Its disk keeps nothing: every pass begins from the newest generation.

locals {
  lambda_on       = length(var.lambda_passes) > 0
  lambda_name     = "${local.name}-pass"
  lambda_alias    = "live"
  lambda_log      = "${local.log_group}/lambda"
  lambda_arn      = "arn:${local.partition}:lambda:${var.region}:${local.account_id}:function:${local.lambda_name}"
  lambda_policies = { for file in fileset("${path.module}/policies", "lambda-*.json.tftpl") : trimsuffix(trimprefix(file, "lambda-"), ".json.tftpl") => file }

  # The function's metrics have a dimension of their own. If they counted as the instance's, one pass in the
  # night would keep no-successful-pass quiet while no instance had started for weeks.
  lambda_environment = "${var.environment}-lambda"

  # AWS writes a SHA-256 in base64, other tools in hexadecimal digits. Three hexadecimal digits are two of
  # base64.
  base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
  zip_bits      = local.lambda_on ? [for n in range(22) : parseint(substr("${var.release.zip_sha256}00", n * 3, 3), 16)] : []
  zip_sha256    = "${substr(join("", [for bits in local.zip_bits : "${substr(local.base64_digits, floor(bits / 64), 1)}${substr(local.base64_digits, bits % 64, 1)}"]), 0, 43)}="

  # The longest time from one pass to the next, in whole hours, and two for a change of the clock and a late
  # delivery.
  pass_minutes = sort([for time in var.lambda_passes : format("%04d", tonumber(split(":", time)[0]) * 60 + tonumber(split(":", time)[1]))])
  pass_gap_hours = local.lambda_on ? 2 + ceil(max([for n, minute in local.pass_minutes :
    n + 1 < length(local.pass_minutes) ? tonumber(local.pass_minutes[n + 1]) - tonumber(minute) : tonumber(local.pass_minutes[0]) + 1440 - tonumber(minute)
  ]...) / 60) : 0

  lambda_alarms = {
    lambda-pass-failed = {
      namespace = "AWS/Lambda", metric = "Errors", dimensions = { FunctionName = local.lambda_name }, above = 0, seconds = 300, periods = 1, missing = "notBreaching"
      what      = "A pass by Lambda failed, took too long, or could not find something out."
    }
  }

  lambda_switches = {
    lambda-pass-missing = {
      seconds    = 3600, periods = local.pass_gap_hours, missing = "breaching"
      expression = "IF(FILL(passes, 0) < 1, 1, 0)"
      metrics    = { passes = { namespace = "Mecris/${local.lambda_environment}", metric = local.metric.SuccessfulPass, stat = "Sum", dimensions = { Environment = local.lambda_environment } } }
      what       = "Dead-man's switch: no successful pass by Lambda in ${local.pass_gap_hours} hours."
    }
  }
}

resource "aws_lambda_function" "pass" {
  count = local.lambda_on ? 1 : 0

  function_name = local.lambda_name
  description   = "One pass of mecris-agent ${var.release.version}."
  role          = aws_iam_role.lambda[0].arn
  runtime       = "provided.al2023"
  handler       = "bootstrap" # this runtime starts the file of that name, and nothing reads this
  architectures = [var.architecture == "aarch64" ? "arm64" : "x86_64"]
  s3_bucket     = local.bucket_name
  s3_key        = "${local.artifact_key}.zip"
  publish       = true # a version of its own, which nobody can change; the alias says which one is used

  source_code_hash               = local.zip_sha256
  memory_size                    = 512
  timeout                        = 300 # seconds; a pass with a channel in doubt waits for lease and settle time, several times over
  reserved_concurrent_executions = 1

  environment {
    variables = {
      MECRIS__CONFIG__SSM_PARAMETER  = local.parameter
      MECRIS__STATE__PATH            = "/tmp/mecris_usage.db"
      MECRIS__TELEMETRY__ENVIRONMENT = local.lambda_environment
      MECRIS_LOG_FORMAT              = "json"
    }
  }

  logging_config {
    log_format = "Text" # lines as they are written: the agent's are JSON already, and metrics among them are read by CloudWatch
    log_group  = aws_cloudwatch_log_group.lambda[0].name
  }

  tracing_config {
    mode = "PassThrough" # no X-Ray
  }

  tags = { Name = local.lambda_name, Version = var.release.version }

  depends_on = [aws_iam_role_policy.lambda]
}

# The hash of what Lambda fetched, before anything uses it. It is read anew for each version, because the
# function's own attribute still has the previous version's hash while a plan is made.
data "aws_lambda_function" "published" {
  count = local.lambda_on ? 1 : 0

  function_name = aws_lambda_function.pass[0].function_name
  qualifier     = aws_lambda_function.pass[0].version

  lifecycle {
    # The alias is then not touched, and the previous version stays in use.
    postcondition {
      condition     = self.code_sha256 == local.zip_sha256
      error_message = "s3://${local.bucket_name}/${local.artifact_key}.zip has the SHA-256 ${self.code_sha256} (base64), expected ${local.zip_sha256}. Lambda goes on with the version before. Find out who wrote to the bucket, and deploy under another version."
    }
  }
}

resource "aws_lambda_alias" "live" {
  count = local.lambda_on ? 1 : 0

  name             = local.lambda_alias
  description      = "The version that passes are made with."
  function_name    = aws_lambda_function.pass[0].function_name
  function_version = data.aws_lambda_function.published[0].version
}

# A failed pass is not repeated: the next pass looks at the same goals, and an alarm tells a person about this
# pass.
resource "aws_lambda_function_event_invoke_config" "pass" {
  count = local.lambda_on ? 1 : 0

  function_name                = aws_lambda_function.pass[0].function_name
  qualifier                    = aws_lambda_alias.live[0].name
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = 900
}

resource "aws_cloudwatch_log_group" "lambda" {
  count = local.lambda_on ? 1 : 0

  name              = local.lambda_log
  retention_in_days = var.log_days
}

resource "aws_scheduler_schedule" "pass" {
  for_each = toset(var.lambda_passes)

  name                         = "${local.lambda_name}-${replace(each.value, ":", "")}"
  description                  = "One pass at ${each.value}, while there is no instance."
  schedule_expression          = "cron(${tonumber(split(":", each.value)[1])} ${tonumber(split(":", each.value)[0])} ? * SUN,MON,TUE,WED,THU,FRI,SAT *)"
  schedule_expression_timezone = local.aws_zone

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_alias.live[0].arn
    role_arn = aws_iam_role.passes[0].arn

    # EventBridge retries the delivery for as long as a late pass is better than none.
    retry_policy {
      maximum_event_age_in_seconds = 900
      maximum_retry_attempts       = 5
    }
  }
}

resource "aws_iam_role" "lambda" {
  count = local.lambda_on ? 1 : 0

  name                 = "${local.name}-lambda"
  description          = "The function that runs mecris-agent outside the window."
  permissions_boundary = local.boundary_name
  assume_role_policy   = templatefile("${path.module}/policies/trust.json.tftpl", { service = "lambda.amazonaws.com", account_id = null })
}

resource "aws_iam_role_policy" "lambda" {
  for_each = { for purpose, file in local.lambda_policies : purpose => file if local.lambda_on }

  name   = each.key
  role   = aws_iam_role.lambda[0].id
  policy = templatefile("${path.module}/policies/${each.value}", merge(local.policy_values, { lambda_log = local.lambda_log }))
}

resource "aws_iam_role" "passes" {
  count = local.lambda_on ? 1 : 0

  name                 = "${local.name}-passes"
  description          = "EventBridge Scheduler, which starts passes by Lambda."
  permissions_boundary = local.boundary_name
  assume_role_policy   = templatefile("${path.module}/policies/trust.json.tftpl", { service = "scheduler.amazonaws.com", account_id = local.account_id })
}

resource "aws_iam_role_policy" "passes" {
  count = local.lambda_on ? 1 : 0

  name   = "invoke"
  role   = aws_iam_role.passes[0].id
  policy = templatefile("${path.module}/policies/passes-invoke.json.tftpl", { lambda_arn = local.lambda_arn, lambda_alias = local.lambda_alias })
}

resource "aws_cloudwatch_metric_alarm" "lambda" {
  for_each = { for name, alarm in local.lambda_alarms : name => alarm if local.lambda_on }

  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = "${each.value.what} What to do: docs/RUNBOOK.md, \"${each.key}\"."
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = "Sum"
  period              = each.value.seconds
  evaluation_periods  = each.value.periods
  datapoints_to_alarm = each.value.periods
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.above
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}
