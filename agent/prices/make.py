"""Writes the built-in table of prices, and the names that others have for the models in it.

scripts/update-prices calls it with genai-prices installed and the table of LiteLLM beside.
"""

import json
import os
import sys
import tomllib
from datetime import date, datetime, timezone
from decimal import Decimal

from genai_prices.data import providers

ALWAYS = date(2020, 1, 1)
# Whose models the agent has a budget for.
BILLERS = ("anthropic", "groq")
# What a line has, and what the public table calls it.
RATES = {
    "input_usd_per_mtok": "input_mtok",
    "output_usd_per_mtok": "output_mtok",
    "cache_write_usd_per_mtok": "cache_write_mtok",
    "cache_write_1h_usd_per_mtok": "cache_write_1h_mtok",
    "cache_read_usd_per_mtok": "cache_read_mtok",
}
# Prices for which the public table has no date: the day from which on they hold, and what was different before.
BEFORE = {
    # Anthropic's release notes.
    ("anthropic", "claude-sonnet-5-5"): (date(2026, 10, 7), {"cache_read_usd_per_mtok": Decimal("0.2")}),
}
# Models that the public table has as other names of a model, which no rule about names can know.
TWINS = {"claude-fable-5": "claude-mythos-5", "claude-fable-5-1": "claude-mythos-5-1"}
# Those whose names LiteLLM has and whose prices should be the list's.
OTHERS = ("anthropic", "bedrock", "bedrock_converse", "vertex_ai-anthropic_models", "azure_ai", "openrouter", "groq")
# The table names these by an id with a suffix that says nothing about the price.
SUFFIX = "-latest"


def models():
    """Every model, with its provider."""
    return [(provider, model) for provider in providers if provider.id in BILLERS for model in provider.models]


def dated(model):
    """(first day, price) of a model, the oldest first."""
    if not isinstance(model.prices, list):
        return [(ALWAYS, model.prices)]
    return [(price.constraint.start_date if price.constraint else ALWAYS, price.prices) for price in model.prices]


def tiers(price):
    """The rates of one price by the number of tokens above which they hold."""
    above = {0}
    for name in RATES.values():
        above |= {tier.start for tier in getattr(getattr(price, name), "tiers", [])}
    lines = {}
    for start in sorted(above):
        rates = {}
        for ours, theirs in RATES.items():
            value = getattr(price, theirs)
            if value is None:
                continue
            if hasattr(value, "tiers"):
                fitting = [tier for tier in value.tiers if tier.start <= start]
                value = max(fitting, key=lambda tier: tier.start).price if fitting else value.base
            rates[ours] = value
        lines[start] = rates
    return lines


def lines_of(provider, model):
    """(first day, speed, above, rates) of a model that is billed by tokens."""
    for first, price in dated(model):
        if price.input_mtok is None or price.output_mtok is None:
            continue
        for above, rates in tiers(price).items():
            yield first, "standard", above, rates
    for variant in model.price_variants or ():
        if variant.when == {"speed": "fast"}:
            for above, rates in tiers(variant.prices).items():
                yield ALWAYS, "fast", above, rates
        elif variant.when == {"processing": "batch"}:
            check_batch(provider, model, variant.prices)
        else:
            sys.exit(f"{provider.id} {model.id}: this script does not know the variant {variant.when}")


def check_batch(provider, model, batch):
    """Refuses a batch price that is not what the agent computes: half, but for Groq's cached tokens."""
    _, price = dated(model)[-1]
    if price.input_mtok is None:
        return
    ours, theirs = tiers(price), tiers(batch)
    for above, rates in ours.items():
        for name, rate in rates.items():
            cached_by_groq = provider.id == "groq" and name.startswith("cache")
            if theirs[above].get(name) != (rate if cached_by_groq else rate / 2):
                sys.exit(f"{provider.id} {model.id}: {name} of a batch is {theirs[above].get(name)}, the list says {rate}")


def table():
    """Every line: (provider, model, first day, speed, above), and its rates."""
    lines = {}
    for provider, model in models():
        name = model.id.removesuffix(SUFFIX)
        for first, speed, above, rates in lines_of(provider, model):
            for known in {name, TWINS.get(name, name)}:
                lines[(provider.id, known, first, speed, above)] = rates
    for (provider, model), (first, before) in BEFORE.items():
        if [line for line in lines if line[:2] == (provider, model) and line[2] != ALWAYS]:
            sys.exit(f"{provider} {model}: the public table has dates of its own now; take the model out of BEFORE")
        now = lines[(provider, model, ALWAYS, "standard", 0)]
        lines[(provider, model, first, "standard", 0)] = now
        lines[(provider, model, ALWAYS, "standard", 0)] = now | before
    return lines


def names(litellm):
    """(provider, name, who calls it so, dollars for a million input tokens of a short prompt) of each model."""
    for provider, model in models():
        _, price = dated(model)[-1]
        if price.input_mtok is None:
            continue
        clauses = getattr(model.match, "or_", [model.match])
        for name in {model.id} | {clause.equals for clause in clauses if hasattr(clause, "equals")}:
            yield provider.id, name, "genai-prices", getattr(price.input_mtok, "base", price.input_mtok)
    for name, entry in json.loads(text_of(litellm)).items():
        if entry.get("litellm_provider") in OTHERS and entry.get("input_cost_per_token"):
            of = "groq" if entry["litellm_provider"] == "groq" else "anthropic"
            if of == "groq" or "claude" in name:
                cost = Decimal(str(entry["input_cost_per_token"])) * 1_000_000
                yield of, name, "litellm", round(cost, 6)


def key(line):
    return (
        line["provider"],
        line["model"],
        date.fromisoformat(line["from"]),
        line.get("speed", "standard"),
        line.get("above_prompt_tokens", 0),
    )


def check(lines, path):
    """Refuses what cannot be right, and what a person should look at first."""
    before = {key(line): line for line in tomllib.loads(text_of(path)).get("price", [])}
    for line in before.keys() - lines.keys():
        if not os.environ.get("ANY_CHANGE"):
            sys.exit(f"{line} is no more; if that is right, say --any-change")
    for line, rates in lines.items():
        for name, rate in rates.items():
            if rate <= 0 or rate * 1_000_000 != int(rate * 1_000_000):
                sys.exit(f"{line}: {name} is {rate}")
            old = Decimal(str(before.get(line, {}).get(name, rate)))
            if not os.environ.get("ANY_CHANGE") and not old / 5 <= rate <= old * 5:
                sys.exit(f"{line}: {name} was {old} and is {rate} now; if that is true, say --any-change")


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(lines, version, path):
    today = datetime.now(timezone.utc).date()
    with open(path, "w", encoding="utf-8") as file:
        file.write(
            "# List prices, US dollars for a million tokens. scripts/update-prices made this file; do not edit it. A\n"
            "# `[[budget.price]]` of the configuration replaces the line of the same provider, model, day, speed and length,\n"
            "# or is added.\n"
            "#\n"
            "# From genai-prices, https://github.com/pydantic/genai-prices; LICENSE.genai-prices is its licence.\n\n"
            f'source = "genai-prices {version}"\n'
            f'made = "{today}"\n'
        )
        for (provider, model, first, speed, above), rates in sorted(lines.items()):
            file.write(f'\n[[price]]\nprovider = "{provider}"\nmodel = "{model}"\nfrom = "{first}"\n')
            if speed != "standard":
                file.write(f'speed = "{speed}"\n')
            if above:
                file.write(f"above_prompt_tokens = {above}\n")
            for name, rate in rates.items():
                file.write(f"{name} = {float(rate)}\n")


def write_names(names, path):
    with open(path, "w", encoding="utf-8") as file:
        for provider, name, source, dollars in sorted(set(names)):
            file.write(f"{provider}\t{name}\t{source}\t{float(dollars)}\n")


if __name__ == "__main__":
    version, litellm, folder = sys.argv[1:]
    path = f"{folder}/list.toml"
    lines = table()
    check(lines, path)
    write(lines, version, path)
    write_names(names(litellm), f"{folder}/names.tsv")
    print(f"{path}: {len(lines)} lines of genai-prices {version}")
