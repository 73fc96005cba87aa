"""moto, a fake of AWS that others wrote, with the few answers that this stack needs and moto 5.2.5 lacks.

Usage: fake_aws.py ADDRESS PORT. Prints "ready URL" once it listens and runs until its standard input is closed.
What is added, or else:
* Budgets: the two calls that the Terraform provider makes after a creation.
* Launch templates: their own tags are not those of what they launch, and later versions have user-data as the first one does.
* Subnets: the filter by which the provider waits for an IPv6 range, and that range's state.
* Buckets that refuse requests without TLS take those of tests, which come by plain HTTP.
* Lambda functions: where their log goes.
* 400 for what moto does not know, because the provider repeats a 500 for minutes.
"""

import json
import logging
import sys

from flask import request
from moto.awslambda.models import LambdaFunction
from moto.budgets.responses import BudgetsResponse
from moto.core.types import Base64EncodedString
from moto.ec2.models.launch_templates import LaunchTemplate
from moto.ec2.models.subnets import Subnet
from moto.ec2.utils import parse_user_data
from moto.iam.access_control import IAMPolicyStatement, PermissionResult
import moto.moto_server.werkzeug_app as app
from moto.server import ThreadedMotoServer


def describe_subscribers(self):
    budget = self.backend.budgets[self._get_param("AccountId")][self._get_param("BudgetName")]
    wanted = self._get_param("Notification")
    for notification in budget.notifications:
        if all(notification.details.get(key) == wanted.get(key) for key in ("NotificationType", "ComparisonOperator", "Threshold")):
            return json.dumps({"Subscribers": notification.subscribers})
    return json.dumps({"Subscribers": []})


BudgetsResponse.describe_subscribers_for_notification = describe_subscribers

create_budget = BudgetsResponse.create_budget
budget_tags = {}


def create_budget_with_tags(self):
    arn = f"arn:aws:budgets::{self._get_param('AccountId')}:budget/{self._get_param('Budget')['BudgetName']}"
    budget_tags[arn] = self._get_param("ResourceTags", [])
    return create_budget(self)


BudgetsResponse.create_budget = create_budget_with_tags
BudgetsResponse.list_tags_for_resource = lambda self: json.dumps({"ResourceTags": budget_tags.get(self._get_param("ResourceARN"), [])})

create_template_version = LaunchTemplate.create_version


def create_version_without_own_tags(self, data, description):
    specifications = [spec for spec in data.get("TagSpecifications", []) if spec["ResourceType"] != "launch-template"]
    user_data = data.get("UserData")
    if user_data is not None and not isinstance(user_data, Base64EncodedString):
        user_data = parse_user_data(user_data)
    return create_template_version(self, {**data, "TagSpecifications": specifications, "UserData": user_data}, description)


LaunchTemplate.create_version = create_version_without_own_tags

subnet_filter = Subnet.get_filter_value


def filter_by_ipv6_association(self, filter_name, method_name=None):
    if filter_name == "ipv6-cidr-block-association.association-id":
        return list(self.ipv6_cidr_block_associations)
    return subnet_filter(self, filter_name, method_name)


Subnet.get_filter_value = filter_by_ipv6_association
Subnet.ipv6_cidr_block_association_set = property(
    lambda self: [
        {**association, "ipv6CidrBlockState": {"state": association["ipv6CidrBlockState"]["State"]}}
        for association in self.ipv6_cidr_block_associations.values()
    ]
)

make_function, function_configuration = LambdaFunction.__init__, LambdaFunction.get_configuration


def make_function_with_log(self, account_id, spec, *arguments, **named):
    self.logging_config = spec.get("LoggingConfig") or {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{spec['FunctionName']}"}
    make_function(self, account_id, spec, *arguments, **named)


LambdaFunction.__init__ = make_function_with_log
LambdaFunction.get_configuration = lambda self, *arguments, **named: {**function_configuration(self, *arguments, **named), "LoggingConfig": self.logging_config}

is_action_permitted = IAMPolicyStatement.is_action_permitted


def as_if_by_tls(self, *arguments, **named):
    condition = json.dumps(self._statement.get("Condition", {}))
    if self._statement.get("Effect") == "Deny" and ("aws:SecureTransport" in condition or "s3:TlsVersion" in condition):
        return PermissionResult.NEUTRAL
    return is_action_permitted(self, *arguments, **named)


IAMPolicyStatement.is_action_permitted = as_if_by_tls

create_backend_app = app.create_backend_app


def create_app(service):
    flask = create_backend_app(service)

    @flask.errorhandler(NotImplementedError)
    def not_in_the_fake(error):
        if request.headers.get("X-Amz-Target") or "json" in (request.content_type or ""):
            body = json.dumps({"__type": "NotImplementedByFake", "message": str(error)})
            return body, 400, {"Content-Type": "application/x-amz-json-1.1"}
        body = f"<ErrorResponse><Error><Type>Sender</Type><Code>NotImplementedByFake</Code><Message>{error}</Message></Error></ErrorResponse>"
        return body, 400, {"Content-Type": "text/xml"}

    return flask


app.create_backend_app = create_app

if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address=sys.argv[1], port=int(sys.argv[2]), verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    print(f"ready http://[{host}]:{port}" if ":" in host else f"ready http://{host}:{port}", flush=True)
    sys.stdin.read()
    server.stop()
