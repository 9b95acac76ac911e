"""What a call needs of IAM is what the emulated services ask for, and the simulator's word is taken for what it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from cmapss_core.errors import ConsoleError, ErrorKind
from cmapss_core.permissions import (
    LINKED_ROLE,
    OPTIONAL_ACTIONS,
    READING_OPERATIONS,
    Permission,
    Scope,
    actions_for,
    permissions_for,
)
from cmapss_core.plans.permission_checks import permission_checks
from cmapss_core.plans.plan import Call, Check, Proof, Step
from cmapss_core.simulation import Finding, simulate
from cmapss_sandbox.iam.actions import needs
from tests.core.scripted import Answer, ScriptedAws, not_found
from tests.sandbox.conftest import NOON
from tests.sandbox.enforced import Enforced, enforced_region

ACCOUNT = "000000000000"
SCOPE = Scope(region="us-east-1", account=ACCOUNT)
ROLE = f"arn:aws:iam::{ACCOUNT}:role/engines"
TAGS = [{"Key": "cmapss-console", "Value": "deploy-1"}, {"Key": "team", "Value": "line"}]
OF_VARIANT = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/Engines/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
VARIANT = {"VariantName": "A", "ModelName": "M", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
SERVERLESS = {"VariantName": "S", "ModelName": "N", "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}

CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("sagemaker", "CreateModel", {
        "ModelName": "Engines-Model", "ExecutionRoleArn": ROLE, "Tags": TAGS, "EnableNetworkIsolation": True,
        "VpcConfig": {"Subnets": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]},
    }),
    ("sagemaker", "CreateModel", {"ModelName": "m", "ExecutionRoleArn": ROLE}),
    ("sagemaker", "CreateEndpointConfig", {
        "EndpointConfigName": "C", "ProductionVariants": [VARIANT], "ShadowProductionVariants": [VARIANT],
        "KmsKeyId": "key", "Tags": TAGS,
    }),
    ("sagemaker", "CreateEndpointConfig", {"EndpointConfigName": "C", "ProductionVariants": [SERVERLESS]}),
    ("sagemaker", "CreateEndpointConfig", {
        "EndpointConfigName": "C", "ProductionVariants": [VARIANT], "ExecutionRoleArn": ROLE,
    }),
    ("sagemaker", "CreateEndpoint", {"EndpointName": "Engines", "EndpointConfigName": "C", "Tags": TAGS}),
    ("sagemaker", "UpdateEndpoint", {"EndpointName": "Engines", "EndpointConfigName": "C"}),
    ("sagemaker", "UpdateEndpointWeightsAndCapacities", {"EndpointName": "Engines"}),
    ("sagemaker", "DeleteModel", {"ModelName": "M"}),
    ("sagemaker", "DeleteEndpointConfig", {"EndpointConfigName": "C"}),
    ("sagemaker", "DeleteEndpoint", {"EndpointName": "Engines"}),
    ("sagemaker", "DescribeModel", {"ModelName": "M"}),
    ("sagemaker", "DescribeEndpointConfig", {"EndpointConfigName": "C"}),
    ("sagemaker", "DescribeEndpoint", {"EndpointName": "Engines"}),
    ("sagemaker", "ListEndpoints", {"NameContains": "x"}),
    ("sagemaker", "ListModels", {}),
    ("sagemaker", "ListEndpointConfigs", {}),
    ("sagemaker", "Search", {"Resource": "TrainingJob"}),
    ("sagemaker", "ListTags", {"ResourceArn": SCOPE.arn("sagemaker", "endpoint/engines")}),
    ("sagemaker", "AddTags", {"ResourceArn": SCOPE.arn("sagemaker", "endpoint/engines"), "Tags": TAGS}),
    ("sagemaker-runtime", "InvokeEndpoint", {"EndpointName": "Engines"}),
    ("application-autoscaling", "RegisterScalableTarget", {**OF_VARIANT, "MinCapacity": 1}),
    ("application-autoscaling", "RegisterScalableTarget", {**OF_VARIANT, "RoleARN": ROLE, "Tags": {"team": "line"}}),
    ("application-autoscaling", "DeregisterScalableTarget", OF_VARIANT),
    ("application-autoscaling", "PutScalingPolicy", {**OF_VARIANT, "PolicyName": "p"}),
    ("application-autoscaling", "DeleteScalingPolicy", {**OF_VARIANT, "PolicyName": "p"}),
    ("application-autoscaling", "PutScheduledAction", {**OF_VARIANT, "ScheduledActionName": "a"}),
    ("application-autoscaling", "DeleteScheduledAction", {**OF_VARIANT, "ScheduledActionName": "a"}),
    ("application-autoscaling", "DescribeScalableTargets", {"ServiceNamespace": "sagemaker"}),
    ("application-autoscaling", "DescribeScalingPolicies", OF_VARIANT),
    ("cloudwatch", "PutMetricAlarm", {"AlarmName": "a", "AlarmActions": ["arn:x"], "Tags": TAGS}),
    ("cloudwatch", "PutMetricAlarm", {"AlarmName": "a"}),
    ("cloudwatch", "DeleteAlarms", {"AlarmNames": ["a", "b"]}),
    ("cloudwatch", "DescribeAlarms", {"AlarmNames": ["a"]}),
    ("cloudwatch", "DescribeAlarms", {"AlarmNamePrefix": "a"}),
    ("cloudwatch", "GetMetricData", {"MetricDataQueries": []}),
    ("logs", "DeleteLogGroup", {"logGroupName": "/aws/sagemaker/Endpoints/x"}),
    ("logs", "CreateLogGroup", {"logGroupName": "/aws/sagemaker/Endpoints/x", "tags": {"team": "line"}}),
    ("logs", "DescribeLogGroups", {"logGroupNamePrefix": "/aws/sagemaker"}),
    ("logs", "FilterLogEvents", {"logGroupName": "/aws/sagemaker/Endpoints/x"}),
    ("s3", "HeadBucket", {"Bucket": "models"}),
    ("s3", "PutObject", {"Bucket": "models", "Key": "a/model.tar.gz"}),
    ("s3", "DeleteObject", {"Bucket": "models", "Key": "a/model.tar.gz"}),
    ("s3", "HeadObject", {"Bucket": "models", "Key": "a/model.tar.gz"}),
    ("pricing", "GetProducts", {"ServiceCode": "AmazonSageMaker"}),
    ("service-quotas", "ListServiceQuotas", {"ServiceCode": "sagemaker"}),
    ("ec2", "DescribeSubnets", {}),
    ("sts", "GetCallerIdentity", {}),
]  # fmt: skip


@pytest.fixture(scope="module")
def enforced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Enforced]:
    with enforced_region(tmp_path_factory.mktemp("permissions") / "state", NOON) as region:
        region.region.objects.put("models", "another", b"")
        yield region


@pytest.mark.parametrize(
    ("service", "operation", "parameters"), CALLS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_call_needs_what_the_service_asks_iam_for(
    enforced: Enforced, service: str, operation: str, parameters: Mapping[str, Any]
) -> None:
    asked = needs(enforced.region, service, operation, parameters)
    expected = {
        (need.action, need.resource, frozenset((key, values) for key, values in need.context.items()))
        for need in (*asked.own, *asked.registering, *asked.deregistering)
    }
    known = {
        (one.action, one.resource, frozenset((key.lower(), values) for key, values in one.context))
        for one in permissions_for(service, operation, parameters, SCOPE)
    }
    assert known == expected
    assert set(actions_for(service, operation, parameters)) == {action for action, _, _ in expected}


def test_the_action_of_a_call_itself_comes_first() -> None:
    for service, operation, parameters in CALLS:
        actions = actions_for(service, operation, parameters)
        assert not actions or actions[0].partition(":")[2] in (operation, "GetObject", "ListBucket")


def test_what_a_plan_does_without_is_read_but_for_the_linked_role() -> None:
    reading = {action for name in READING_OPERATIONS for action in actions_for(*name.split(":"), {})}
    assert OPTIONAL_ACTIONS - reading == {"iam:CreateServiceLinkedRole"}


def test_what_only_an_earlier_step_brings_about_is_no_resource_yet() -> None:
    later = {"$from": {"service": "sagemaker"}}
    assert permissions_for("sagemaker", "AddTags", {"ResourceArn": later}, SCOPE) == (Permission("sagemaker:AddTags"),)
    [needed] = permissions_for("cloudwatch", "PutMetricAlarm", {"AlarmName": "a", "AlarmActions": [later]}, SCOPE)
    assert needed.context == ()


# The simulator


class Simulator:
    """Answers as the policy simulator does; `verdicts` by action, with the condition keys that it misses."""

    def __init__(self, together: bool = False, **verdicts: tuple[str, list[str]]) -> None:
        self.together = together
        self.verdicts = verdicts
        self.questions: list[dict[str, Any]] = []

    def __call__(self, **parameters: Any) -> dict[str, Any]:
        self.questions.append(parameters)
        results = []
        for action in parameters["ActionNames"]:
            decision, missing = self.verdicts.get(action.partition(":")[2], ("allowed", []))
            parts = [
                {"EvalResourceName": arn, "EvalResourceDecision": decision, "MissingContextValues": missing}
                for arn in parameters["ResourceArns"]
            ]
            if self.together:
                results.append({
                    "EvalActionName": action, "EvalResourceName": "*", "EvalDecision": decision,
                    "ResourceSpecificResults": parts,
                })  # fmt: skip
            else:
                results += [
                    {"EvalActionName": action, "EvalResourceName": part["EvalResourceName"], "EvalDecision": decision,
                     "MissingContextValues": missing}
                    for part in parts
                ]  # fmt: skip
        return {"EvaluationResults": results, "IsTruncated": False}


DELETE = Permission("sagemaker:DeleteModel", SCOPE.arn("sagemaker", "model/m"))


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize(
    ("decision", "missing", "finding"),
    [
        ("allowed", [], Finding("allowed")),
        ("allowed", ["aws:ResourceTag/team"], Finding("allowed")),
        ("implicitDeny", [], Finding("denied")),
        ("explicitDeny", [], Finding("explicitly denied")),
        ("implicitDeny", ["b", "a"], Finding("unknown", ("a", "b"))),
    ],
)
def test_a_denial_for_want_of_a_condition_key_is_none(
    decision: str, missing: list[str], finding: Finding, together: bool
) -> None:
    aws = ScriptedAws({"iam:SimulatePrincipalPolicy": Simulator(together, DeleteModel=(decision, missing))})
    assert simulate(aws, ROLE, [DELETE]) == {DELETE: finding}


def test_one_question_is_asked_of_a_service_unless_condition_keys_contradict_each_other() -> None:
    simulator = Simulator()
    calls = [call for call in CALLS if call[0] == "sagemaker" and "Tags" in call[2] and call[1] != "AddTags"]
    permissions = {
        permission
        for service, operation, parameters in [*calls, CALLS[8], CALLS[10], CALLS[21]]
        for permission in permissions_for(service, operation, parameters, SCOPE)
    }
    findings = simulate(ScriptedAws({"iam:SimulatePrincipalPolicy": simulator}), ROLE, permissions)
    assert set(findings) == permissions
    asked = [{action.partition(":")[0] for action in question["ActionNames"]} for question in simulator.questions]
    assert sorted(services.pop() for services in asked) == [
        "application-autoscaling", "cloudwatch", "iam", "iam", "sagemaker", "sagemaker",
    ]  # fmt: skip
    entries = {
        entry["ContextKeyName"]: (entry["ContextKeyType"], entry["ContextKeyValues"])
        for question in simulator.questions
        for entry in question["ContextEntries"]
    }
    assert entries["aws:TagKeys"] == ("stringList", ["cmapss-console", "team"])
    assert entries["sagemaker:NetworkIsolation"] == ("boolean", ["true"])
    assert entries["iam:PassedToService"] == ("string", ["sagemaker.amazonaws.com"])


# What a plan says of it

MAKE = Step(
    title="create model",
    call=Call("sagemaker", "CreateModel", {"ModelName": "m", "ExecutionRoleArn": ROLE}),
    proof=Proof(call=Call("sagemaker", "DescribeModel", {"ModelName": "m"})),
    undo=Step(
        title="delete model",
        call=Call("sagemaker", "DeleteModel", {"ModelName": "m"}),
        proof=Proof(call=Call("sagemaker", "DescribeModel", {"ModelName": "m"}), gone=True),
    ),
)
REGISTER = Step(
    title="register",
    call=Call("application-autoscaling", "RegisterScalableTarget", {**OF_VARIANT, "MinCapacity": 1, "MaxCapacity": 2}),
    proof=Proof(call=Call("application-autoscaling", "DescribeScalableTargets", {"ServiceNamespace": "sagemaker"})),
)
UPLOAD = Step(
    title="upload",
    call=Call("s3", "PutObject", {"Bucket": "models", "Key": "k"}),
    proof=Proof(call=Call("s3", "HeadObject", {"Bucket": "models", "Key": "k"})),
)
NO_TARGETS: dict[str, Answer] = {"application-autoscaling:DescribeScalableTargets": {"ScalableTargets": []}}


def checked(*steps: Step, **answers: Answer) -> tuple[list[Check], ScriptedAws]:
    given = {name.replace("__", ":"): answer for name, answer in answers.items()}
    aws = ScriptedAws({**NO_TARGETS, **given})
    return list(permission_checks(aws, steps)), aws


def test_what_is_permitted_is_not_spoken_of() -> None:
    checks, _ = checked(MAKE, REGISTER, UPLOAD, iam__SimulatePrincipalPolicy=Simulator())
    assert checks == []


def test_what_is_denied_forbids_with_its_action_its_resource_and_its_caller() -> None:
    checks, _ = checked(MAKE, iam__SimulatePrincipalPolicy=Simulator(PassRole=("implicitDeny", [])))
    [check] = checks
    assert (check.ok, check.kind) == (False, ErrorKind.DENIED)
    assert check.text == f"iam:PassRole on {ROLE} is not permitted for role operator"
    assert check.remedy


def test_what_could_not_be_undone_is_a_warning() -> None:
    checks, _ = checked(MAKE, iam__SimulatePrincipalPolicy=Simulator(DeleteModel=("explicitDeny", [])))
    assert [(check.ok, check.text) for check in checks] == [
        (None, f"could not be undone: sagemaker:DeleteModel on {DELETE.resource} is not permitted for role operator")
    ]


def test_what_depends_on_what_nobody_knows_is_a_warning() -> None:
    simulator = Simulator(
        CreateModel=("implicitDeny", ["aws:ResourceTag/team"]), DescribeModel=("implicitDeny", ["aws:SourceIp"])
    )
    checks, _ = checked(MAKE, iam__SimulatePrincipalPolicy=simulator)
    assert [(check.ok, check.text) for check in checks] == [
        (None, "whether sagemaker:CreateModel, sagemaker:DescribeModel are permitted depends on "
               "aws:ResourceTag/team, aws:SourceIp")
    ]  # fmt: skip


@pytest.mark.parametrize(("decision", "ok"), [("implicitDeny", None), ("explicitDeny", False)])
def test_a_bucket_may_allow_what_the_caller_may_not(decision: str, ok: bool | None) -> None:
    checks, _ = checked(UPLOAD, iam__SimulatePrincipalPolicy=Simulator(PutObject=(decision, [])))
    assert [check.ok for check in checks] == [ok]


@pytest.mark.parametrize(
    ("role", "found"),
    [({"Role": {"Arn": f"arn:aws:iam::{ACCOUNT}:role/{LINKED_ROLE}"}}, []), (not_found(), [False]),
     (ConsoleError(ErrorKind.DENIED, "no"), [None])],
    ids=["there", "not there", "unknown"],
)  # fmt: skip
def test_who_may_not_make_the_linked_role_needs_an_account_that_has_it(role: Answer, found: list[bool | None]) -> None:
    simulator = Simulator(CreateServiceLinkedRole=("implicitDeny", []))
    checks, _ = checked(REGISTER, iam__SimulatePrincipalPolicy=simulator, iam__GetRole=role)
    assert [check.ok for check in checks] == found


def test_a_scalable_target_that_is_there_is_asked_about_by_its_arn() -> None:
    arn = SCOPE.arn("application-autoscaling", "scalable-target/0123")
    targets = {"ScalableTargets": [{"ResourceId": OF_VARIANT["ResourceId"], "ScalableTargetARN": arn}]}
    simulator = Simulator()
    answers = {"application-autoscaling__DescribeScalableTargets": targets}
    checked(REGISTER, iam__SimulatePrincipalPolicy=simulator, **answers)
    resources = {resource for question in simulator.questions for resource in question["ResourceArns"]}
    assert arn in resources
    assert SCOPE.scalable_target() not in resources
    assert not any(resource.endswith("*") for resource in resources - {"*"})


# Whose policies count


def identity(arn: str) -> dict[str, Answer]:
    return {"sts:GetCallerIdentity": {"Account": ACCOUNT, "Arn": arn, "UserId": "x"}}


@pytest.mark.parametrize(
    ("caller", "source"),
    [
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/line/session", f"arn:aws:iam::{ACCOUNT}:role/line"),
        (f"arn:aws:iam::{ACCOUNT}:user/team/jo", f"arn:aws:iam::{ACCOUNT}:user/team/jo"),
        (f"arn:aws-cn:sts::{ACCOUNT}:assumed-role/line/session", f"arn:aws-cn:iam::{ACCOUNT}:role/line"),
    ],
)
def test_the_caller_is_asked_about_as_iam_knows_them(caller: str, source: str) -> None:
    simulator = Simulator()
    list(permission_checks(ScriptedAws({**identity(caller), "iam:SimulatePrincipalPolicy": simulator}), [MAKE]))
    assert {question["PolicySourceArn"] for question in simulator.questions} == {source}


def test_the_root_user_is_not_asked_about() -> None:
    aws = ScriptedAws(identity(f"arn:aws:iam::{ACCOUNT}:root"))
    assert list(permission_checks(aws, [MAKE])) == []
    assert aws.called == ["sts:GetCallerIdentity"]


def test_the_path_of_a_role_is_found_once() -> None:
    full = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Line_1"
    simulator = Simulator()

    def simulate_known(**parameters: Any) -> dict[str, Any]:
        if parameters["PolicySourceArn"] != full:
            raise not_found("The entity cannot be found.")
        return simulator(**parameters)

    aws = ScriptedAws({
        **identity(f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Line_1/jo"),
        "iam:SimulatePrincipalPolicy": simulate_known,
        "iam:GetRole": {"Role": {"Arn": full}},
    })  # fmt: skip
    assert list(permission_checks(aws, [MAKE])) == []
    before = len(aws.calls)
    assert list(permission_checks(aws, [MAKE])) == []
    assert "iam:GetRole" not in [name for name, _ in aws.calls[before:]]


@pytest.mark.parametrize("role", [not_found(), ConsoleError(ErrorKind.DENIED, "no")], ids=["unknown", "denied"])
def test_who_has_no_policies_in_iam_is_told_that_nothing_is_known(role: Answer) -> None:
    checks, _ = checked(MAKE, iam__SimulatePrincipalPolicy=not_found(), iam__GetRole=role)
    assert [(check.ok, check.text) for check in checks] == [
        (None, "IAM shows no policies of role operator: what is permitted is unknown until it is tried")
    ]


def test_a_simulation_that_is_denied_is_left_to_the_plan_to_tell() -> None:
    checks, aws = checked(MAKE, iam__SimulatePrincipalPolicy=ConsoleError(ErrorKind.DENIED, "no"))
    assert checks == []
    assert aws.called.count("iam:SimulatePrincipalPolicy") == 1, "once is enough"
