"""Calls every operation of the document with the generated client and checks the type of each answer.

Usage: read_every_endpoint.py DOCUMENT BASE_URL TOKEN

An operation that is not listed here is a failure, so a new endpoint needs a line in ARGUMENTS.
"""

import importlib
import inspect
import json
import sys

from mecris_client import AuthenticatedClient, models

# Arguments of each operation by its operationId, in the order in which they are called. A function takes the
# answers so far.
ARGUMENTS = {
    "meta_health": {},
    "meta_ready": {},
    "meta_version": {},
    "heuristic_trigger": {},
    "beeminder_alert": {},
    "beeminder_status": {},
    "beeminder_emergency": {},
    "beeminder_walk_activity": {},
    "beeminder_goal_activity": {"goal": "bike"},
    "usage_record": {"body": {"input_tokens": 1000, "output_tokens": 100, "model": "claude-sonnet-4-5"}},
    "usage_record_many": {"body": {"sessions": [{"input_tokens": 1000, "output_tokens": 100, "request_id": "req_1"}]}},
    "usage_take_back": lambda said: {"id": said["usage_record"].id},
    "usage_update_budget": {"body": {"total_budget": 30.0}},
    "usage_complete": {"body": {"provider": "anthropic"}},
    "usage_usage": {},
    "usage_summary": {"days": 3},
    "usage_recent": {"limit": 5},
    "groq_record": {"body": {"value": 1.5}},
    "groq_take_back": lambda said: {"id": said["groq_record"].result.id},
    "groq_status": {},
    "groq_context": {},
    "narrator_context": {},
    "records_runs": {"limit": 5},
    "records_decisions": {"limit": 5},
    "records_notifications": {"limit": 5},
    "records_notification": lambda said: {"id": said["records_notifications"].notifications[0].id},
    "records_acknowledge": lambda said: {"id": said["records_notifications"].notifications[0].id},
    "silences_create": {"body": {"subject": "goal:*", "for": "2h"}},
    "silences_list": {},
    "silences_remove": lambda said: {"id": said["silences_create"].id},
}

# Not JSON, and the document itself: a generated client has no type for these two.
UNTYPED = {"meta_metrics", "meta_openapi"}


def call(operation_id, tag, client, arguments):
    module = importlib.import_module(f"mecris_client.api.{tag}.{operation_id}")
    if "body" in arguments:
        name = "".join(word.capitalize() for word in operation_id.split("_")) + "Arguments"
        arguments = {**arguments, "body": getattr(models, name).from_dict(arguments["body"])}
    return module.sync_detailed(client=client, **arguments)


def is_model(value):
    return inspect.getmodule(type(value)).__name__.startswith("mecris_client.models.")


def main(document, base_url, token):
    with open(document, encoding="utf-8") as file:
        paths = json.load(file)["paths"]
    tags = {
        operation["operationId"]: operation["tags"][0]
        for item in paths.values()
        for operation in item.values()
    }
    missing = set(tags) - set(ARGUMENTS) - UNTYPED
    assert not missing, f"operations that are not called: {sorted(missing)}"

    client = AuthenticatedClient(base_url=base_url, token=token, timeout=60)
    said = {}
    for operation_id, arguments in ARGUMENTS.items():
        if callable(arguments):
            arguments = arguments(said)
        response = call(operation_id, tags[operation_id], client, arguments)
        parsed = response.parsed
        assert 200 <= response.status_code < 300, f"{operation_id}: {response.status_code} {response.content}"
        assert is_model(parsed), f"{operation_id}: {type(parsed)}"
        assert not isinstance(parsed, models.Error), f"{operation_id}: {parsed}"
        # Nothing that was sent is left over untyped, and nothing is lost on the way back.
        assert not getattr(parsed, "additional_properties", {}), f"{operation_id}: {parsed.additional_properties}"
        said[operation_id] = parsed
        print(f"{operation_id}: {type(parsed).__name__}")

    # What is deeper than the first level has types too.
    typed = [
        said["beeminder_status"].goals[0],
        said["usage_usage"].providers[0],
        said["narrator_context"].budget_status,
        said["heuristic_trigger"].run.observations.beeminder,
        said["records_runs"].runs[0].observations,
        said["records_decisions"].decisions[0],
        said["groq_record"].result.reminder_status,
    ]
    assert all(is_model(value) for value in typed), [type(value) for value in typed]

    response = call("silences_remove", "silences", client, {"id": "nobody"})
    assert response.status_code == 404, response
    error = models.Error.from_dict(json.loads(response.content))
    assert error.code == "not_found" and error.request_id, error
    print(f"{len(ARGUMENTS)} operations, each with a typed answer")


main(*sys.argv[1:])
