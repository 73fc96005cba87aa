# What the pretended AWS answers where a made-up value would not do: generated JSON, lists and ARNs.

mock_data "aws_partition" { defaults = { partition = "aws" } }
mock_data "aws_caller_identity" { defaults = { account_id = "123456789012" } }
mock_data "aws_availability_zones" { defaults = { names = ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d"] } }
mock_data "aws_ssm_parameter" { defaults = { value = "ami-0123456789abcdef0" } }
mock_resource "aws_vpc" { defaults = { ipv6_cidr_block = "2600:1f18:1234:5600::/56" } }
mock_resource "aws_iam_role" { defaults = { arn = "arn:aws:iam::123456789012:role/x" } }
mock_resource "aws_iam_instance_profile" { defaults = { arn = "arn:aws:iam::123456789012:instance-profile/x" } }
mock_resource "aws_sns_topic" { defaults = { arn = "arn:aws:sns:us-east-1:123456789012:x" } }
mock_resource "aws_launch_template" { defaults = { id = "lt-0123456789abcdef0", latest_version = 1 } }
mock_resource "aws_ssm_document" { defaults = { arn = "arn:aws:ssm:us-east-1:123456789012:document/x" } }
mock_resource "aws_ce_anomaly_monitor" { defaults = { arn = "arn:aws:ce::123456789012:anomalymonitor/00000000-0000-0000-0000-000000000000" } }
mock_resource "aws_lambda_function" { defaults = { version = "1" } }
mock_data "aws_lambda_function" { defaults = { code_sha256 = "not what the plan wants", version = "1" } }
mock_resource "aws_lambda_alias" { defaults = { arn = "arn:aws:lambda:us-east-1:123456789012:function:x:live" } }
