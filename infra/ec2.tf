# The instance. A group makes a new one from this template for every window, and is empty in between.

# AWS publishes the newest Amazon Linux 2023 image under this name.
data "aws_ssm_parameter" "image" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${var.architecture == "aarch64" ? "arm64" : "x86_64"}"
}

locals {
  units = { for name in fileset("${path.module}/../systemd", "*") : name => file("${path.module}/../systemd/${name}") }

  user_data = templatefile("${path.module}/../userdata/boot.sh.tftpl", {
    version                = var.release.version
    sha256                 = var.release.sha256
    arch                   = var.architecture
    bucket                 = local.bucket_name
    artifact_key           = local.artifact_key
    region                 = var.region
    environment            = var.environment
    log_group              = local.log_group
    agent_toml             = local.instance_toml
    units                  = local.units
    ready_deadline_seconds = var.ready_deadline_seconds
  })
  # cloud-init unpacks it. EC2 takes 16 KiB before base64.
  user_data_base64 = base64gzip(local.user_data)
  user_data_bytes  = length(local.user_data_base64) / 4 * 3

  # With spot, a second group takes over when there is no spot capacity.
  groups = var.capacity == "spot" ? {
    primary  = { name = local.name, spot = true }
    fallback = { name = "${local.name}-fallback", spot = false }
    } : {
    primary = { name = local.name, spot = false }
  }
}

resource "aws_launch_template" "agent" {
  name                   = local.name
  description            = "mecris-agent ${var.release.version}"
  image_id               = nonsensitive(data.aws_ssm_parameter.image.value)
  instance_type          = var.instance_types[0]
  user_data              = local.user_data_base64
  update_default_version = true
  ebs_optimized          = true

  instance_initiated_shutdown_behavior = "terminate"

  iam_instance_profile {
    arn = aws_iam_instance_profile.agent.arn
  }

  # Hop limit 1: the token cannot leave the machine through a proxy or a container.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
    http_protocol_ipv6          = "enabled"
    instance_metadata_tags      = "disabled"
  }

  # Unlimited is AWS' default and bills for CPU beyond the credits.
  dynamic "credit_specification" {
    for_each = startswith(var.instance_types[0], "t") ? [1] : []

    content {
      cpu_credits = "standard"
    }
  }

  monitoring {
    enabled = false # five-minute metrics are free and enough
  }

  network_interfaces {
    device_index                = 0
    associate_public_ip_address = var.egress == "ipv4"
    ipv6_address_count          = 1
    delete_on_termination       = true
    security_groups             = [aws_security_group.agent.id]
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size           = var.volume_gb
      volume_type           = "gp3"
      encrypted             = true
      delete_on_termination = true
    }
  }

  dynamic "tag_specifications" {
    for_each = ["instance", "volume", "network-interface"]

    content {
      resource_type = tag_specifications.value
      tags          = merge(local.tags, { Name = local.name, Version = var.release.version })
    }
  }

  tags = { Name = local.name }

  lifecycle {
    precondition {
      condition     = local.user_data_bytes <= 16384
      error_message = "The user-data is ${local.user_data_bytes} bytes when packed; EC2 takes 16384. Make userdata/boot.sh.tftpl or the files in systemd/ smaller."
    }
  }
}

resource "aws_autoscaling_group" "agent" {
  for_each = local.groups

  name                      = each.value.name
  min_size                  = 0
  max_size                  = 1
  desired_capacity          = 0
  vpc_zone_identifier       = [for subnet in aws_subnet.public : subnet.id]
  health_check_type         = "EC2"
  health_check_grace_period = 300
  default_instance_warmup   = 0
  wait_for_capacity_timeout = "0"
  capacity_rebalance        = each.value.spot
  termination_policies      = ["OldestInstance"]
  metrics_granularity       = "1Minute"
  enabled_metrics           = ["GroupDesiredCapacity", "GroupInServiceInstances", "GroupPendingInstances"]

  mixed_instances_policy {
    instances_distribution {
      on_demand_allocation_strategy            = "prioritized"
      on_demand_base_capacity                  = 0
      on_demand_percentage_above_base_capacity = each.value.spot ? 0 : 100
      spot_allocation_strategy                 = "price-capacity-optimized"
    }

    launch_template {
      launch_template_specification {
        launch_template_id = aws_launch_template.agent.id
        version            = aws_launch_template.agent.latest_version
      }

      dynamic "override" {
        for_each = var.instance_types

        content {
          instance_type = override.value
        }
      }
    }
  }

  dynamic "tag" {
    for_each = merge(local.tags, { Name = each.value.name })

    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = tag.key != "Name"
    }
  }

  lifecycle {
    # The schedule moves it twice a day; an apply in the middle of a window must not stop the instance.
    ignore_changes = [desired_capacity]
  }

  # An instance that starts before its rights and routes exist would report a failed boot.
  depends_on = [aws_iam_role_policy.agent, aws_route.ipv4, aws_route.ipv6, aws_route_table_association.public, aws_ssm_parameter.agent_toml]
}
