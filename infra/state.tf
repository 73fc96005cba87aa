# One bucket: the agent's state under agent/, the binaries under artifacts/.

resource "aws_s3_bucket" "main" {
  bucket = local.bucket_name

  tags = { Name = local.bucket_name }
}

# The agent prunes its own generations. Deleted and overwritten versions stay for another month.
module "private_bucket" {
  source = "./modules/private_bucket"

  bucket                 = aws_s3_bucket.main.id
  arn                    = "arn:${local.partition}:s3:::${local.bucket_name}"
  keep_old_versions_days = 30
}
