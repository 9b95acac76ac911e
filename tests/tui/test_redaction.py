"""No report holds a secret, whatever stands around it; and what helps to find the fault stays."""

from __future__ import annotations

import string
import traceback

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cmapss_tui.redaction import ACCOUNT, HIDDEN, LEAST_SECRET, NUMBERS, redact

BASE64 = string.ascii_letters + string.digits + "+/"
UPPER = string.ascii_uppercase + string.digits
AROUND = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=40)


def text(alphabet: str, least: int, most: int) -> st.SearchStrategy[str]:
    return st.text(st.sampled_from(alphabet), min_size=least, max_size=most)


ACCESS_KEYS = st.builds(str.__add__, st.sampled_from(["AKIA", "ASIA"]), text(UPPER, 16, 16))
SECRET_KEYS = text(BASE64, 40, 40).filter(
    lambda key: any(c in string.digits + "+/" for c in key) and key.upper() != key and key.lower() != key
)
SESSION_TOKENS = st.one_of(
    st.builds(str.__add__, st.sampled_from(["FwoGZXIvYXdzE", "IQoJb3JpZ2luX2Vj"]), text(BASE64, 40, 300)),
    text(BASE64, 120, 400),
)
BASE64_URL = string.ascii_letters + string.digits + "-_"
LETTERS = string.ascii_letters + string.digits
BARE_TOKENS = st.one_of(
    st.builds(str.__add__, st.sampled_from(["ghp_", "gho_", "ghu_", "ghs_", "ghr_"]), text(LETTERS, 36, 60)),
    st.builds(str.__add__, st.just("github_pat_"), text(LETTERS + "_", 40, 82)),
    st.builds(str.__add__, st.just("glpat-"), text(BASE64_URL, 20, 30)),
    st.builds(str.__add__, st.just("hf_"), text(LETTERS, 30, 40)),
    st.builds(str.__add__, st.sampled_from(["sk-", "sk-proj-", "sk-ant-api03-"]), text(LETTERS, 20, 60)),
    st.builds(
        str.__add__,
        st.sampled_from(["sk-proj-", "sk-ant-api03-"]),
        text(BASE64_URL, 40, 95).map(lambda tail: f"aB3{tail}"),
    ),
    st.builds(
        lambda kind, numbers, tail: f"{kind}-{numbers}-{tail}",
        st.sampled_from(["xoxb", "xoxp", "xoxa", "xoxs", "xapp"]),
        text(string.digits, 10, 13),
        text(LETTERS, 12, 30),
    ),
)
WEB_TOKENS = st.builds(
    lambda header, claims, signature: f"eyJ{header}.eyJ{claims}.{signature}",
    text(BASE64_URL, 10, 60),
    text(BASE64_URL, 4, 90),
    text(BASE64_URL, 0, 90),
)
PASSWORDS = text(string.ascii_letters + string.digits + "-_.!", 8, 40)
ROWS = st.lists(st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: f"{value:.4f}"), min_size=24, max_size=26)


@given(ACCESS_KEYS, AROUND, AROUND)
def test_access_keys_go(key: str, before: str, after: str) -> None:
    assume(not (before and before[-1] in UPPER))
    assert key not in redact(f"{before}{key}{after}", {})


@given(
    SECRET_KEYS,
    st.sampled_from([" ", "'", '"', "=", ": ", "(", "\n"]),
    st.sampled_from([" ", "'", '"', ",", ")", ". ", "\n", ""]),
)
def test_secret_keys_go(key: str, before: str, after: str) -> None:
    assert key not in redact(f"it was{before}{key}{after}", {})


@given(SESSION_TOKENS, st.sampled_from(["", " ", "'", "token ", "SessionToken="]))
def test_session_tokens_go(token: str, before: str) -> None:
    left = redact(f"{before}{token} is expired", {})
    assert token[10:60] not in left
    assert left.endswith(" is expired")


@given(text(string.hexdigits.lower(), 64, 64), ACCESS_KEYS, SESSION_TOKENS, AROUND)
def test_of_a_signed_url_what_signs_it_goes(signature: str, key: str, token: str, after: str) -> None:
    assume(not after or after[0].isspace())
    url = (
        "https://bucket.s3.amazonaws.com/a/model.tar.gz?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        f"&X-Amz-Credential={key}%2F20261122&X-Amz-Security-Token={token}&X-Amz-Signature={signature}"
    )
    left = redact(f"GET {url}{after}", {})
    for secret in (signature, key, token):
        assert secret not in left
    assert f"https://bucket.s3.amazonaws.com/a/model.tar.gz?{HIDDEN}" in left


@pytest.mark.parametrize(
    "form", ["Authorization: {}", "{{'Authorization': '{}', 'Host': 'x'}}", "('authorization', '{}')"]
)
@given(SECRET_KEYS, text(string.hexdigits.lower(), 64, 64))
def test_authorization_headers_go(form: str, credential: str, signature: str) -> None:
    header = f"AWS4-HMAC-SHA256 Credential={credential}/20261122, SignedHeaders=host, Signature={signature}"
    left = redact(form.format(header), {})
    assert credential not in left
    assert signature not in left
    bearer = redact(form.format(f"Bearer {credential}"), {})
    assert credential not in bearer


@given(
    BARE_TOKENS | WEB_TOKENS,
    st.sampled_from(["", " ", "'", '"', "(", "\n", "=", ": ", "@", "/", "b'"]),
    st.sampled_from(["", " ", "'", '"', ")", ",", "\n", ". ", "@host", "/x", "&a=b"]),
    AROUND,
)
def test_tokens_that_show_what_they_are_go_without_a_name(token: str, before: str, after: str, around: str) -> None:
    left = redact(f"{around} it was{before or ' '}{token}{after}", {})
    parts = [part for part in token.removeprefix("github_pat_").split(".") if len(part) > LEAST_SECRET]
    assume(not [part for part in parts if part in around])
    assert not [part for part in parts if part in left]


@given(text(string.hexdigits.lower(), 64, 64), SESSION_TOKENS, ACCESS_KEYS)
@pytest.mark.parametrize(
    "form", ["{}={}", "{}%3D{}", "'{}': '{}'", "('{}', '{}')", "(b'{}', b'{}')", '{{\\"{}\\": \\"{}\\"}}']
)
def test_what_signs_goes_wherever_it_is_taken_apart(form: str, signature: str, token: str, key: str) -> None:
    names = {"X-Amz-Signature": signature, "X-Amz-Security-Token": token, "X-Amz-Credential": f"{key}/20261122/s3"}
    left = redact(" ".join(form.format(name, value) for name, value in names.items()), {})
    for secret in (signature, token[10:60], key):
        assert secret not in left


@given(PASSWORDS, st.sampled_from(["password", "DB_PASSWORD", "apiKey", "secret_token", "aws_secret_access_key"]))
@pytest.mark.parametrize(
    "form",
    [
        "{}={}",
        "{}: {}",
        "{{'{}': '{}'}}",
        '{{"{}": "{}", "a": 1}}',
        "--{}={}",
        '{{\\"{}\\": \\"{}\\"}}',
        "('{}', '{}')",
        "(b'{}', b'{}')",
    ],
)
def test_what_is_named_a_secret_goes(form: str, value: str, name: str) -> None:
    assume(value not in name and value.casefold() not in HIDDEN)
    assert value not in redact(form.format(name, value), {})


@given(
    PASSWORDS, st.sampled_from(["GITHUB_TOKEN", "AWS_SESSION_TOKEN", "MY_SECRET", "SENTRY_AUTH", "STRIPE_KEY"]), AROUND
)
def test_secrets_of_the_environment_go(value: str, name: str, around: str) -> None:
    assume(value not in HIDDEN + ACCOUNT + NUMBERS)
    assert value not in redact(f"{around}{value}{around}", {name: value})


def test_the_rest_of_the_environment_stays() -> None:
    where = {"AWS_SHARED_CREDENTIALS_FILE": "/mnt/keys/credentials"}
    assert redact("cannot parse /mnt/keys/credentials", where) == "cannot parse /mnt/keys/credentials"
    assert redact("in /usr/share/zoneinfo", {"TZDIR": "/usr/share/zoneinfo"}) == "in /usr/share/zoneinfo"


@given(ROWS, st.sampled_from([",", " ", ", ", "\t"]), AROUND)
def test_payload_rows_go(row: list[str], between: str, before: str) -> None:
    assume(not before or before[-1].isspace())
    left = redact(f"{before}{between.join(row)}", {})
    assert between.join(row[2:6]) not in left


def test_an_environment_of_a_container_goes() -> None:
    call = (
        "create_model(ModelName='m', PrimaryContainer={'Environment': {'LEVEL': 'blue sky', 'B': 'c'}, 'Image': 'i'})"
    )
    left = redact(call, {})
    assert "blue sky" not in left
    assert "ModelName='m'" in left
    assert "'Image': 'i'" in left


@given(text(string.digits, 12, 12))
def test_account_ids_are_masked(account: str) -> None:
    arn = f"arn:aws:sagemaker:us-east-1:{account}:endpoint/cmapss"
    assert redact(arn, {}) == f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:endpoint/cmapss"


def test_private_keys_addresses_with_passwords_and_the_home_go() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----"
    assert "MIIE" not in redact(f"key {key} end", {})
    assert redact("https://jane:pass@host:1/x", {}) == f"https://{HIDDEN}@host:1/x"
    assert redact("/home/jane/x and /home/janet", {"HOME": "/home/jane"}) == "~/x and /home/janet"
    assert redact("/etc", {"HOME": "/"}) == "/etc"


@given(AROUND, ACCESS_KEYS, SECRET_KEYS, ROWS)
def test_redacting_twice_changes_nothing_more(around: str, key: str, secret: str, row: list[str]) -> None:
    once = redact(f"{around} {key} secret={secret}\n{','.join(row)} 123456789012", {})
    assert redact(once, {}) == once


@pytest.mark.parametrize(
    "kept",
    [
        "cmapss-XGBoostEndpoint-2026-11-22-16-33-42",
        "hyper-cmapss-2021-01-07-16-04-50-037-efc6d79a",
        "arn:aws:sagemaker:us-east-1:000:endpoint-config/cmapss-XGBoostEndpointConfig-2026-11-22-16-33-42",
        "ValidationException: request 7f0c1f5c-4b1e-4f6a-9a55-3f2f3a0c9e11",
        "s3://cmapss-us-east-1/models/hyper-cmapss-2026-11-22/output/model.tar.gz",
        "sagemaker:DescribeEndpoint throttled 3 of 5, then 10 s",
        "2026-11-22T16:41:07Z",
        "sk-learn-rul-2026-11-22-16-33-42-model and sk-XGBoostEndpoint-2026",
        "task-0123456789abcdef0123 risk-averse shelf_of_models half_of_the_instances",
        "arn:aws:sagemaker:us-east-1:000:training-job/hyper-cmapss-2021-01-07-16-04-50-037-efc6d79a",
        "ListTrainingJobs NextToken",
    ],
)
def test_names_and_requests_stay(kept: str) -> None:
    assert redact(kept, {}) == kept


def test_a_traceback_stays_readable() -> None:
    try:
        _ = [1, 2, 3][7]
    except IndexError as error:
        told = "".join(traceback.format_exception(error))
    assert redact(told, {}) == told
