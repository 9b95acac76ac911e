"""`python -m cmapss_sandbox` as whoever starts it sees it: what it prints, how it ends, what it refuses."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.session import Session

COMMAND = (sys.executable, "-P", "-m", "cmapss_sandbox")
_PATIENCE = 90


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox that serves, and what it said when it began to."""

    process: subprocess.Popen[str]
    address: dict[str, Any]

    def control(self, method: str, path: str = "/_sandbox", **asked: Any) -> dict[str, Any]:
        connection = http.client.HTTPConnection(urlsplit(self.address["endpoint_url"]).netloc, timeout=_PATIENCE)
        connection.request(method, path, json.dumps(asked) if asked else None)
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
        connection.close()
        return answer

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(_PATIENCE)


Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Starts sandboxes on one state folder, in a home where nobody imported anything; they end with the test."""
    processes: list[subprocess.Popen[str]] = []
    home = tmp_path_factory.getbasetemp() / "home-of-processes"

    def begin(*arguments: str) -> Running:
        process = subprocess.Popen(
            [*COMMAND, "--json", "--at-once", "--state", str(tmp_path / "state"), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "CMAPSS_CONSOLE_HOME": str(home)},
        )
        processes.append(process)
        assert process.stdout is not None
        return Running(process, json.loads(process.stdout.readline()))

    yield begin
    for process in processes:
        with process:
            process.kill()


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=_PATIENCE, **options)


def client(running: Running, service: str, session: Session) -> Any:
    return session.create_client(
        service, region_name=running.address["region"], endpoint_url=running.address["endpoint_url"]
    )


def test_it_says_where_it_serves_on_one_line_and_in_its_state(start: Start, tmp_path: Path) -> None:
    running = start("--speed", "30")
    assert running.address.keys() == {"endpoint_url", "region", "pid", "speed", "state"}
    assert running.address["pid"] == running.process.pid
    assert (running.address["speed"], running.address["state"]) == (30, str(tmp_path / "state"))
    announcement = tmp_path / "state" / "sandbox.json"
    assert json.loads(announcement.read_text()) == running.address
    assert stat.S_IMODE(announcement.stat().st_mode) == 0o600
    told = running.control("GET")
    assert (told["speed"], told["paused"]) == (30, False)
    assert running.end(signal.SIGTERM) == 0
    assert not announcement.exists()


def test_without_json_it_prints_what_to_paste_and_an_interrupt_ends_it_with_130(tmp_path: Path) -> None:
    command = [*COMMAND, "--at-once", "--state", str(tmp_path / "state")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines = [process.stdout.readline().strip() for _ in range(4)]
    assert lines[0].startswith("export AWS_ENDPOINT_URL=http://127.0.0.1:")
    assert lines[1:] == [
        "export AWS_ACCESS_KEY_ID=sandbox",
        "export AWS_SECRET_ACCESS_KEY=sandbox",
        "export AWS_DEFAULT_REGION=us-east-1",
    ]
    process.send_signal(signal.SIGINT)
    assert process.wait(_PATIENCE) == 130
    process.stdout.close()


def test_for_a_script_it_speaks_when_there_is_a_model_to_deploy(tmp_path: Path, botocore_session: Session) -> None:
    command = [*COMMAND, "--json", "--state", str(tmp_path / "state"), "--tuning-jobs", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        running = Running(process, json.loads(process.stdout.readline()))
        [job] = client(running, "sagemaker", botocore_session).list_training_jobs()["TrainingJobSummaries"]
        assert job["TrainingJobStatus"] == "Completed"
        assert running.end(signal.SIGTERM) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("when", [["--at-once"], ["--tuning-jobs=0"]])
def test_what_cannot_say_where_it_serves_says_that_and_ends(when: list[str], tmp_path: Path) -> None:
    command = [*COMMAND, "--json", "--state", str(tmp_path / "state"), *when]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=_PATIENCE)
    assert done.returncode == 1
    assert done.stderr == "cmapss-sandbox: where it serves cannot be written (No space left on device).\n"


def test_an_owned_one_ends_when_its_owner_lets_go(start: Start) -> None:
    running = start("--owned")
    assert running.process.stdin is not None
    running.process.stdin.close()
    assert running.process.wait(_PATIENCE) == 0


def test_it_trains_at_once_and_goes_on_after_it_was_killed(start: Start, botocore_session: Session) -> None:
    first = start("--tuning-jobs", "0")
    told = first.control("POST", "/_sandbox/wait", completed_training_jobs=1, seconds=_PATIENCE)
    assert told["completed_training_jobs"] == 1
    assert told["seeds"]["data"] == "synthetic"
    name = told["seeds"]["training_job"]
    sagemaker = client(first, "sagemaker", botocore_session)
    job = sagemaker.describe_training_job(TrainingJobName=name)
    container = {
        "Image": job["AlgorithmSpecification"]["TrainingImage"],
        "ModelDataUrl": job["ModelArtifacts"]["S3ModelArtifacts"],
    }
    sagemaker.create_model(ModelName="m", ExecutionRoleArn=job["RoleArn"], PrimaryContainer=container)
    variant = {"VariantName": "v", "ModelName": "m", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="c")
    created = sagemaker.describe_endpoint(EndpointName="e")["CreationTime"]
    assert first.end(signal.SIGKILL) == -signal.SIGKILL

    second = start("--tuning-jobs", "0")
    sagemaker = client(second, "sagemaker", botocore_session)
    assert sagemaker.describe_training_job(TrainingJobName=name)["FinalMetricDataList"] == job["FinalMetricDataList"]
    assert sagemaker.describe_endpoint(EndpointName="e")["CreationTime"] == created
    second.control("POST", "/_sandbox/clock", advance_seconds=660)
    assert sagemaker.describe_endpoint(EndpointName="e")["EndpointStatus"] == "InService"
    assert second.control("GET")["seeds"]["training_job"] == name
    s3 = client(second, "s3", botocore_session)
    bucket, _, key = container["ModelDataUrl"].removeprefix("s3://").partition("/")
    assert s3.head_object(Bucket=bucket, Key=key)["ContentLength"] > 1000


def test_a_second_one_on_the_same_state_gets_one_line(start: Start, tmp_path: Path) -> None:
    start()
    second = run("--state", str(tmp_path / "state"))
    assert second.returncode == 1
    assert second.stdout == ""
    assert second.stderr.count("\n") == 1
    assert "Another sandbox is running on the state folder" in second.stderr


def test_a_taken_port_gets_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = run("--state", str(tmp_path / "state"), "--port", str(port))
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert f"Port {port} cannot be used" in refused.stderr


def test_a_state_folder_that_cannot_be_made_gets_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for state in ("file", "file/below"):
        refused = run("--state", str(tmp_path / state))
        assert refused.returncode == 1
        assert refused.stderr.count("\n") == 1
        assert f"{tmp_path / state} cannot be written" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--speed", "0"], "a speed is a number above 0 and at most 1,000,000, not '0'"),
        (["--speed", "1e12"], "a speed is a number above 0 and at most 1,000,000, not '1e12'"),
        (["--speed", "fast"], "a speed is a number above 0 and at most 1,000,000, not 'fast'"),
        (["--port", "99999"], "a port is a number from 0 to 65535, not '99999'"),
        (["--tuning-jobs", "-1"], "a number of training jobs is 0 or more"),
        (["--data", "nowhere"], "nowhere does not exist"),
    ],
)
def test_wrong_usage_is_2_and_says_what_is_right(tmp_path: Path, arguments: list[str], message: str) -> None:
    refused = run("--state", str(tmp_path / "state"), *arguments, cwd=tmp_path)
    assert refused.returncode == 2
    assert message in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert not (tmp_path / "state").exists()


def test_data_that_is_damaged_is_one_line_and_2(tmp_path: Path) -> None:
    (tmp_path / "train_FD001.txt").write_text("1 1 0.5\n")
    refused = run("--state", str(tmp_path / "state"), "--data", str(tmp_path))
    assert refused.returncode == 2
    assert refused.stderr.startswith("cmapss-sandbox: ")
    assert refused.stderr.count("\n") == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to this user")
def test_a_state_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    refused = run("--state", str(tmp_path / "state"))
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1


def test_the_log_tells_requests_and_no_payloads(start: Start, tmp_path: Path, botocore_session: Session) -> None:
    running = start()
    sagemaker = client(running, "sagemaker", botocore_session)
    with pytest.raises(sagemaker.exceptions.ClientError):
        sagemaker.add_tags(
            ResourceArn="arn:aws:sagemaker:us-east-1:000000000000:model/nobody",
            Tags=[{"Key": "secret", "Value": "hush"}],
        )
    assert running.end(signal.SIGTERM) == 0
    log = (tmp_path / "state" / "sandbox.log").read_text()
    assert "POST / sagemaker.AddTags 400 ValidationException" in log
    assert "hush" not in log


def test_what_a_killed_one_left_behind_is_in_nobodys_way(start: Start, tmp_path: Path) -> None:
    state = tmp_path / "state"
    first = start()
    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    assert json.loads((state / "sandbox.json").read_text()) == first.address
    half_written = state / "objects" / "%unfinished" / "half"
    half_written.write_bytes(b"half an obj")
    with (state / "sandbox.log").open("a") as log:
        log.write("2026-01-05 12:00:00,000 INFO POST / sagemaker.Creat")
    second = start()
    assert json.loads((state / "sandbox.json").read_text()) == second.address
    assert second.address["pid"] == second.process.pid
    assert not half_written.exists()
    second.control("GET")
    assert second.end(signal.SIGTERM) == 0
    lines = (state / "sandbox.log").read_text().splitlines()
    assert "2026-01-05 12:00:00,000 INFO POST / sagemaker.Creat" in lines
    assert all(re.match(r"\d{4}-\d\d-\d\d ", line) for line in lines)


def test_the_log_is_for_its_user_alone_and_has_no_secrets(start: Start, tmp_path: Path) -> None:
    running = start()
    connection = http.client.HTTPConnection(urlsplit(running.address["endpoint_url"]).netloc, timeout=_PATIENCE)
    signature = "0123456789abcdef" * 4
    authorization = (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260105/us-east-1/sagemaker/aws4_request, "
        f"SignedHeaders=host;x-amz-date, Signature={signature}"
    )
    for path in ("/", f"/%0aforged%20line?X-Amz-Signature={signature}&X-Amz-Security-Token=token-of-the-session"):
        headers = {"Authorization": authorization, "X-Amz-Security-Token": "token-of-the-session"}
        connection.request("POST", path, b"a body with a password", headers)
        connection.getresponse().read()
    connection.close()
    assert running.end(signal.SIGTERM) == 0
    log = tmp_path / "state" / "sandbox.log"
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    said = log.read_text()
    assert "sagemaker" in said
    for secret in (signature, "token-of-the-session", "password"):
        assert secret not in said
    assert "\nforged line" not in said
