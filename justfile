# `just --list` shows these. CONTRIBUTING.md has the same commands for those who do not have just.

# Show the recipes.
default:
    @just --list

# Formatting and lints: the quickest answer.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings

# The quick tier of the tests. ARGUMENTS go to cargo, for example `just test --test e2e one_pass`.
test *ARGUMENTS:
    cargo test --workspace --locked {{ARGUMENTS}}

# Both tiers, and what Terraform describes.
test-all:
    scripts/test-all

# Terraform, policies, schedule and workflows, against a fake AWS on this machine.
infra:
    scripts/check-infra

# A day against fakes: what is told, and what is not.
demo:
    scripts/demo

# rustdoc, with warnings denied.
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked
