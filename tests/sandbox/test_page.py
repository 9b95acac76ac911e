"""The page at /: all that the region has, for a person, whatever names clients think of."""

from __future__ import annotations

import http.client
import time
from contextlib import closing
from html.parser import HTMLParser
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cmapss_sandbox.calls import Call
from cmapss_sandbox.iam.authorization import enforce
from cmapss_sandbox.markup import document, link, paragraph, table, text
from cmapss_sandbox.page import page
from cmapss_sandbox.region import Region
from cmapss_sandbox.server import Server
from tests.sandbox.artefacts import make_endpoint
from tests.sandbox.conftest import NOON, Clients

_VOID = {"meta", "link", "br"}


class Reader(HTMLParser):
    """Reads a page strictly: every element that is opened is closed, in order, and none is unknown."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def tags(self) -> set[str]:
        return {tag for tag, _ in self.elements}

    def said(self, tag: str) -> list[str]:
        return [data for parent, data in self.texts if parent == tag]


def read(body: bytes) -> Reader:
    reader = Reader()
    reader.feed(body.decode())
    reader.close()
    assert reader.open == []
    return reader


def get(server: Server, path: str = "/", method: str = "GET") -> tuple[http.client.HTTPResponse, bytes]:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        connection.request(method, path)
        response = connection.getresponse()
        return response, response.read()


def test_the_page_shows_what_the_region_has(clients: Clients, region: Region) -> None:
    scaling = clients("application-autoscaling")
    make_endpoint(clients("sagemaker"), region, "engines")
    region.advance(1200)
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/engines/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=4)
    scaling.put_scheduled_action(
        **target,
        ScheduledActionName="nightly",
        Schedule="rate(1 day)",
        ScalableTargetAction={"MinCapacity": 1, "MaxCapacity": 2},
    )
    clients("cloudwatch").put_metric_alarm(
        AlarmName="too slow",
        Namespace="N",
        MetricName="m",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    clients("logs").create_log_group(logGroupName="a-group")
    region.controls["faults"](region, {"add": {"kind": "slow", "operation": "sts:*", "milliseconds": 20}})
    reader = read(page(region).body)
    cells = {*reader.said("th"), *reader.said("td"), *reader.said("time")}
    assert {"engines", "AllTraffic", "1 to 4", "nightly", "too slow", "INSUFFICIENT_DATA"} <= cells
    assert {"slow", "sts:*", "20 ms", "any number"} <= cells
    assert {"application-autoscaling", "RegisterScalableTarget", "sandbox", "200"} <= cells
    assert "Log groups" in cells
    headings = ["Faults on demand", "Endpoints", "Scalable targets", "Scheduled actions", "Alarms", "Tuning jobs"]
    assert reader.said("h2")[: len(headings)] == headings
    assert any(said.startswith("It is 2026-01-05 12:20:00 UTC in the region, paused.") for said in reader.said("p"))


def test_what_the_region_was_told_is_shown(region: Region) -> None:
    enforce(region)
    region.controls["quotas"](region, {"ml.m5.xlarge": 2})
    region.controls["capacity"](region, {"ml.c5.xlarge": 0})
    said = read(page(region).body).said("p")
    assert "IAM decides about every call." in said
    assert "Quotas that were changed: ml.m5.xlarge 2." in said
    assert "Instances that are left: ml.c5.xlarge 0." in said


def test_a_deployment_under_way_is_shown(clients: Clients, region: Region) -> None:
    make_endpoint(clients("sagemaker"), region, "engines")
    cells = {*read(page(region).body).said("td")}
    assert "Creating" in cells
    assert any(cell.startswith("to engines, Creating") for cell in cells)


def test_the_page_is_whole_accessible_and_without_anything_from_elsewhere(region: Region, server: Server) -> None:
    response, body = get(server)
    reader = read(body)
    assert response.getheader("Content-Type") == "text/html; charset=utf-8"
    assert "default-src 'none'" in str(response.getheader("Content-Security-Policy"))
    assert ("html", {"lang": "en"}) in reader.elements
    assert reader.said("title") == reader.said("h1") == ["cmapss sandbox · us-east-1"]
    assert "main" in reader.tags()
    assert not reader.tags() & {"script", "img", "iframe", "object", "form", "base", "link"}
    assert all(attributes.get("scope") in ("col", "row") for tag, attributes in reader.elements if tag == "th")
    assert not any(name.startswith("on") or name == "src" for _, attributes in reader.elements for name in attributes)
    assert all(str(attributes["href"]).startswith("/") for tag, attributes in reader.elements if tag == "a")


def test_the_page_loads_itself_again_unless_it_is_to_stand_still(server: Server) -> None:
    refresh = {"http-equiv": "refresh", "content": "5"}
    assert ("meta", refresh) in read(get(server)[1]).elements
    assert ("meta", refresh) not in read(get(server, "/?still")[1]).elements


def test_a_head_request_is_answered_with_headers_alone(server: Server) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        for path in ("/?still", "/_sandbox"):
            connection.request("HEAD", path)
            head = connection.getresponse()
            assert (head.status, head.read()) == (200, b"")
            connection.request("GET", path)
            whole = connection.getresponse()
            body = whole.read()
            assert head.getheader("Content-Type") == whole.getheader("Content-Type")
            assert abs(int(str(head.getheader("Content-Length"))) - len(body)) < 20


def test_what_a_client_calls_itself_and_what_it_asks_for_is_text(region: Region) -> None:
    hostile = '<script>alert("1")</script>&\x00\x1b[31m\ud800\u202e'
    region.calls.append(Call(NOON, hostile, hostile, hostile, 400, hostile, 1.0, hostile))
    reader = read(page(region).body)
    assert "script" not in reader.tags()
    assert any("<script>" in said for said in reader.said("td"))


_ANY_TEXT = st.text(max_size=40) | st.text("<>&\"'/\x00\x1b\n -=a", max_size=40)


@given(st.lists(st.tuples(_ANY_TEXT, _ANY_TEXT), max_size=4), _ANY_TEXT, _ANY_TEXT)
def test_any_text_is_escaped_wherever_it_stands(rows: list[tuple[str, str]], heading: str, said: str) -> None:
    body = [paragraph(said), link(f"/?{said}", said), table(heading, said, (said, heading), rows)]
    reader = read(document(heading, body, refreshes=True))
    known = {"html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "a", "section", "table"}
    assert reader.tags() <= known | {"caption", "thead", "tbody", "tr", "th", "td"}
    assert len([tag for tag, _ in reader.elements if tag == "tr"]) == (len(rows) + 1 if rows else 0)
    assert all(character.isprintable() for character in text(said))


@given(st.text(min_size=201, max_size=2000))
def test_long_text_is_cut(said: str) -> None:
    reader = Reader()
    reader.feed(f"<p>{text(said)}</p>")
    reader.close()
    assert len("".join(reader.said("p"))) == 200


def test_a_huge_region_is_shown_quickly_and_not_whole(region: Region) -> None:
    jobs = region.table("training_jobs")
    with region.transaction():
        for number in range(10_000):
            jobs[f"job-{number}"] = {
                "TrainingJobName": f"job-{number}",
                "TrainingJobStatus": "Completed",
                "SecondaryStatus": "Completed",
                "CreationTime": NOON,
            }
    page(region)
    started = time.thread_time()
    body = page(region).body
    seconds = time.thread_time() - started
    assert len(body) < 50_000
    assert b"job-9999" in body
    assert b"job-9979" not in body
    assert b"10000, of which the newest 20 are shown" in body
    assert seconds < 0.5


def test_an_empty_region_has_a_page(tmp_path: Any) -> None:
    region = Region(tmp_path / "state", paused=True, now=NOON)
    reader = read(page(region).body)
    assert reader.said("p").count("None.") >= 10
    region.close()


def test_tuning_jobs_show_their_best(region: Region) -> None:
    with region.transaction():
        region.table("tuning_jobs")["search"] = {
            "HyperParameterTuningJobName": "search",
            "HyperParameterTuningJobStatus": "InProgress",
            "HyperParameterTuningJobConfig": {
                "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "rmse"},
                "ResourceLimits": {"MaxNumberOfTrainingJobs": 5},
            },
        }
        for number, (status, value) in enumerate([("Completed", 3.0), ("Completed", 2.0), ("InProgress", 1.0)]):
            region.table("training_jobs")[f"search-{number}"] = {
                "TrainingJobName": f"search-{number}",
                "TrainingJobStatus": status,
                "SecondaryStatus": status,
                "CreationTime": NOON,
                "FinalMetricDataList": [{"MetricName": "rmse", "Value": value}],
                "_tuning_job": "search",
            }
    cells = read(page(region).body).said("td")
    assert {"3 of 5", "rmse 2.0000"} <= set(cells)
