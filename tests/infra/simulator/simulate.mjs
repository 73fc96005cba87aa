// Answers, for each call on standard input, what IAM would say: one JSON document in, one out.
//
// In:  {"modules": folder of node_modules, "calls": [{principal, action, resource, account, context, identity, boundary, resource_policy}]}
// Out: [{"result": "Allowed" | "ImplicitlyDenied" | "ExplicitlyDenied", "ignored": [keys]} | {"error": text}], in the same order
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const asked = JSON.parse(readFileSync(0, "utf8"));
const { runSimulation } = createRequire(asked.modules + "/")("@cloud-copilot/iam-simulate");

const named = (policies) => policies.map((policy, n) => ({ name: `policy-${n}`, policy }));

async function answer(call) {
  const simulation = {
    request: {
      principal: call.principal,
      action: call.action,
      resource: { resource: call.resource, accountId: call.account },
      contextVariables: call.context,
    },
    identityPolicies: named(call.identity),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    resourcePolicy: call.resource_policy ?? undefined,
    permissionBoundaryPolicies: call.boundary ? named(call.boundary) : undefined,
  };
  const said = await runSimulation(simulation, {});
  if (said.resultType === "error") return { error: JSON.stringify(said.errors) };
  if (said.resultType === "wildcard") return { result: said.overallResult, ignored: said.results.flatMap((result) => result.ignoredContextKeys ?? []) };
  return { result: said.overallResult, ignored: said.result.ignoredContextKeys ?? [] };
}

const answers = [];
for (const call of asked.calls) answers.push(await answer(call));
process.stdout.write(JSON.stringify(answers));
