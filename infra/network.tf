# A public subnet in each zone, no way in, and out only by TLS. No NAT gateway: it alone would cost eight
# times the rest.

data "aws_availability_zones" "open" {
  state = "available"

  # Local and wavelength zones have neither the instance types nor the price.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

locals {
  zones        = slice(sort(data.aws_availability_zones.open.names), 0, min(var.zone_count, length(data.aws_availability_zones.open.names)))
  egress_ports = toset([for port in concat([443], var.egress_ports) : tostring(port)])
}

resource "aws_vpc" "main" {
  cidr_block                       = var.vpc_cidr
  assign_generated_ipv6_cidr_block = true
  enable_dns_support               = true
  enable_dns_hostnames             = true

  tags = { Name = local.name }
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id

  tags = { Name = local.name }
}

resource "aws_subnet" "public" {
  for_each = { for n, zone in local.zones : zone => n }

  vpc_id                          = aws_vpc.main.id
  availability_zone               = each.key
  cidr_block                      = cidrsubnet(var.vpc_cidr, 4, each.value)
  ipv6_cidr_block                 = cidrsubnet(aws_vpc.main.ipv6_cidr_block, 8, each.value)
  assign_ipv6_address_on_creation = true
  map_public_ip_on_launch         = false # the launch template decides

  tags = { Name = "${local.name}-${each.key}" }
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id

  tags = { Name = local.name }
}

resource "aws_route" "ipv4" {
  count = var.egress == "ipv4" ? 1 : 0

  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}

resource "aws_route" "ipv6" {
  route_table_id              = aws_route_table.public.id
  destination_ipv6_cidr_block = "::/0"
  gateway_id                  = aws_internet_gateway.main.id
}

resource "aws_route_table_association" "public" {
  for_each = aws_subnet.public

  subnet_id      = each.value.id
  route_table_id = aws_route_table.public.id
}

resource "aws_security_group" "agent" {
  name        = "${local.name}-agent"
  description = "The agent: nothing comes in, TLS goes out."
  vpc_id      = aws_vpc.main.id

  tags = { Name = "${local.name}-agent" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_egress_rule" "ipv4" {
  for_each = var.egress == "ipv4" ? local.egress_ports : []

  security_group_id = aws_security_group.agent.id
  description       = "TCP ${each.value} to the world"
  ip_protocol       = "tcp"
  from_port         = tonumber(each.value)
  to_port           = tonumber(each.value)
  cidr_ipv4         = "0.0.0.0/0"

  tags = { Name = "${local.name}-tcp-${each.value}-ipv4" }
}

resource "aws_vpc_security_group_egress_rule" "ipv6" {
  for_each = local.egress_ports

  security_group_id = aws_security_group.agent.id
  description       = "TCP ${each.value} to the world"
  ip_protocol       = "tcp"
  from_port         = tonumber(each.value)
  to_port           = tonumber(each.value)
  cidr_ipv6         = "::/0"

  tags = { Name = "${local.name}-tcp-${each.value}-ipv6" }
}
