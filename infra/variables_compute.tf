# What the instance is, and how it reaches the world.

variable "architecture" {
  type        = string
  description = "Processor of instance and binary, as `uname -m` says it: aarch64 or x86_64."
  default     = "aarch64"

  validation {
    condition     = contains(["aarch64", "x86_64"], var.architecture)
    error_message = "architecture is \"${var.architecture}\"; allowed: \"aarch64\", \"x86_64\"."
  }
}

variable "instance_types" {
  type        = list(string)
  description = "Instance types in the order in which they are tried, all of the given architecture. The first is the usual one."
  default     = ["t4g.small"]

  validation {
    condition = (
      length(var.instance_types) > 0
      && length(distinct(var.instance_types)) == length(var.instance_types)
      && alltrue([
        for type in var.instance_types : can(regex(
          var.architecture == "aarch64"
          ? "^(t4g\\.(nano|micro|small|medium|large)|(m6g|m7g|m8g|c6g|c7g|c8g|r6g|r7g|r8g)\\.(medium|large))$"
          : "^((t3|t3a)\\.(nano|micro|small|medium|large)|(m5|m6i|m6a|m7i|m7a|c5|c6i|c6a|c7i|c7a)\\.large)$"
        , type))
      ])
    )
    error_message = "instance_types is ${jsonencode(var.instance_types)}; allowed, each once: ${var.architecture == "aarch64" ? "t4g.nano to t4g.large, and medium or large of m6g, m7g, m8g, c6g, c7g, c8g, r6g, r7g, r8g" : "t3/t3a nano to large, and large of m5, m6i, m6a, m7i, m7a, c5, c6i, c6a, c7i, c7a"} (architecture is \"${var.architecture}\"); the first that fits the default is \"t4g.small\"."
  }
}

variable "capacity" {
  type        = string
  description = "\"on-demand\", or \"spot\": the same instance cheaper, which AWS may take back; when there is no spot capacity an on-demand group takes over."
  default     = "on-demand"

  validation {
    condition     = contains(["on-demand", "spot"], var.capacity)
    error_message = "capacity is \"${var.capacity}\"; allowed: \"on-demand\", \"spot\"."
  }
}

variable "volume_gb" {
  type        = number
  description = "Size of the root volume in GB (gp3, encrypted, deleted with the instance). Amazon Linux' image needs 8."
  default     = 8

  validation {
    condition     = var.volume_gb >= 8 && var.volume_gb <= 64 && floor(var.volume_gb) == var.volume_gb
    error_message = "volume_gb is ${var.volume_gb}; allowed: whole numbers from 8 to 64."
  }
}

variable "ready_deadline_seconds" {
  type        = number
  description = "How long the instance waits for the agent's /ready after it started it; then the boot counts as failed and is reported."
  default     = 90

  validation {
    condition     = var.ready_deadline_seconds >= 10 && var.ready_deadline_seconds <= 600 && floor(var.ready_deadline_seconds) == var.ready_deadline_seconds
    error_message = "ready_deadline_seconds is ${var.ready_deadline_seconds}; allowed: whole seconds from 10 to 600."
  }
}

variable "egress" {
  type        = string
  description = "How the instance reaches the world: \"ipv4\" (a public address of each kind), or \"ipv6\" (no public IPv4 address and no charge for one; every service that the agent calls then has to be reachable by IPv6)."
  default     = "ipv4"

  validation {
    condition     = contains(["ipv4", "ipv6"], var.egress)
    error_message = "egress is \"${var.egress}\"; allowed: \"ipv4\", \"ipv6\"."
  }
}

variable "egress_ports" {
  type        = list(number)
  description = "TCP ports beside 443 that the agent may reach outside, for example 587 for a mail server."
  default     = []

  validation {
    condition     = length(distinct(var.egress_ports)) == length(var.egress_ports) && alltrue([for port in var.egress_ports : port >= 1 && port <= 65535 && port != 443 && floor(port) == port])
    error_message = "egress_ports is ${jsonencode(var.egress_ports)}; allowed: ports from 1 to 65535 other than 443, each once."
  }
}

variable "vpc_cidr" {
  type        = string
  description = "IPv4 range of the network, a /16 to /24. It matters only if the network is ever joined to another one."
  default     = "10.77.0.0/20"

  validation {
    condition     = can(cidrnetmask(var.vpc_cidr)) && try(tonumber(split("/", var.vpc_cidr)[1]) >= 16 && tonumber(split("/", var.vpc_cidr)[1]) <= 24, false)
    error_message = "vpc_cidr is \"${var.vpc_cidr}\"; it has to be an IPv4 range with a prefix of 16 to 24 such as \"10.77.0.0/20\"."
  }
}

variable "zone_count" {
  type        = number
  description = "Over how many availability zones the instance may be placed. Each costs nothing, and is one more place with capacity."
  default     = 3

  validation {
    condition     = var.zone_count >= 2 && var.zone_count <= 6 && floor(var.zone_count) == var.zone_count
    error_message = "zone_count is ${var.zone_count}; allowed: 2 to 6."
  }
}
