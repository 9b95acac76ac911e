"""The role that a new region's account has, for SageMaker to train and serve with."""

from __future__ import annotations

import json
from typing import Any

EXECUTION_ROLE = "cmapss-sagemaker-execution"

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
# The least that the developer guide has a hosting role need, and what training needs besides.
_PERMISSIONS = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "s3:ListBucket"],
            "Resource": ["arn:aws:s3:::cmapss-*", "arn:aws:s3:::cmapss-*/*"],
        },
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
            "Resource": "arn:aws:logs:*:*:log-group:/aws/sagemaker/*",
        },
        {
            "Effect": "Allow",
            "Action": [
                "cloudwatch:PutMetricData",
                "cloudwatch:DescribeAlarms",
                "ecr:GetAuthorizationToken",
                "ecr:BatchCheckLayerAvailability",
                "ecr:GetDownloadUrlForLayer",
                "ecr:BatchGetImage",
            ],
            "Resource": "*",
        },
    ],
}


def create_execution_role(backend: Any) -> None:
    """Give moto's IAM, which must be empty, the role with its trust and its permissions."""
    backend.create_role(EXECUTION_ROLE, json.dumps(_TRUST), "/", None, "Trains and serves for SageMaker", [], "3600")
    backend.put_role_policy(EXECUTION_ROLE, "train-and-serve", json.dumps(_PERMISSIONS))
