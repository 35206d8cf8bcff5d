#!/usr/bin/env python3
"""An HR system as its maker would write it: uploads a video, sends the job, waits for the report and reads it.

Uses nothing of this project but what docs/integrate.md and docs/operate.md say: S3, AMQP, JSON.
Needs pika and boto3. The credentials of S3 stand in the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY).
"""

import argparse
import hashlib
import json
import sys
import time
import urllib.parse

import boto3
import botocore.config
import pika

JOBS = "interview.jobs"
RESULTS = "interview.results"
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--amqp", required=True, help="amqp://user:password@host:port/vhost")
    parser.add_argument("--s3", required=True, help="endpoint of the S3 server")
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--prefix", default="", help="what the worker's store begins with, and the tenant's folder")
    parser.add_argument("--tenant", help="tenant of the job")
    parser.add_argument("--video", required=True, help="recording to be analysed")
    parser.add_argument("--job-id", required=True)
    parser.add_argument("--queue-prefix", default="interview", help="what the broker's names begin with")
    parser.add_argument("--timeout", type=float, default=300, help="seconds to wait for the report")
    return parser.parse_args()


def upload(s3, options):
    """Puts the recording into the store and returns the reference for the job."""
    with open(options.video, "rb") as file:
        content = file.read()
    key = f"{options.prefix}{options.job_id}/answer-1.mp4"
    s3.put_object(Bucket=options.bucket, Key=key, Body=content, ContentType="video/mp4")
    return {
        "uri": f"s3://{options.bucket}/{key}",
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
    }


def make_job(options, media):
    job = {
        "schema_version": "1",
        "job_id": options.job_id,
        "candidate": {"reference": f"cand-{options.job_id}"},
        "policy": "audio-text",
        "language": "en",
        "questions": [{"id": "q1", "text": "Tell us about a difficult customer."}],
        "answers": [{"kind": "video", "id": "a1", "question": "q1", "media": media}],
    }
    if options.tenant:
        job["tenant"] = options.tenant
    return job


def send(channel, options, job):
    """Publishes the job and insists on the broker's confirm: an exception is a job that was not taken."""
    channel.confirm_delivery()
    channel.basic_publish(
        exchange=JOBS.replace("interview", options.queue_prefix, 1),
        routing_key="interactive",
        body=json.dumps(job).encode(),
        properties=pika.BasicProperties(
            message_id=job["job_id"],
            content_type="application/json",
            delivery_mode=pika.DeliveryMode.Persistent.value,
            headers={"traceparent": TRACEPARENT},
        ),
        mandatory=True,
    )


def wait_for_report(channel, options, seen):
    """Takes events until the report of the job is there, and returns its event; drops ids that it has."""
    ends = time.monotonic() + options.timeout
    results = RESULTS.replace("interview", options.queue_prefix, 1)
    for method, properties, body in channel.consume(results, inactivity_timeout=1):
        if method is None:
            if time.monotonic() > ends:
                raise TimeoutError(f"no report of {options.job_id} within {options.timeout} s")
            continue
        event = json.loads(body)
        headers = properties.headers
        event_id = headers["cloudEvents:id"]
        assert headers["cloudEvents:specversion"] == "1.0", headers
        assert properties.message_id == event_id, "the message id is the event's id"
        channel.basic_ack(method.delivery_tag)
        if event_id in seen:
            continue
        seen[event_id] = headers["cloudEvents:type"]
        if event.get("job_id") != options.job_id:
            continue
        if headers["cloudEvents:type"] == "interview.report.failed":
            raise RuntimeError(f"no report: {event['code']}: {event['message']}")
        if headers["cloudEvents:type"] == "interview.report.completed":
            assert event_id == event["report_id"]
            assert headers["cloudEvents:traceparent"].split("-")[1] == TRACEPARENT.split("-")[1], headers
            channel.cancel()
            return event
    raise RuntimeError("the reader of results was cancelled")


def read_report(s3, reference):
    """Reads a document of the report and checks that it is the one that was announced."""
    place = urllib.parse.urlparse(reference["uri"])
    content = s3.get_object(Bucket=place.netloc, Key=place.path.lstrip("/"))["Body"].read()
    assert len(content) == reference["bytes"], "length"
    assert hashlib.sha256(content).hexdigest() == reference["sha256"], "checksum"
    return content


def main():
    options = arguments()
    style = botocore.config.Config(s3={"addressing_style": "path"}, retries={"max_attempts": 3})
    s3 = boto3.client("s3", endpoint_url=options.s3, region_name="us-east-1", config=style)
    connection = pika.BlockingConnection(pika.URLParameters(options.amqp))
    channel = connection.channel()
    send(channel, options, make_job(options, upload(s3, options)))
    seen = {}
    event = wait_for_report(channel, options, seen)
    report = json.loads(read_report(s3, event["artefacts"]["report"]))
    html = read_report(s3, event["artefacts"]["html"]).decode()
    connection.close()
    assert report["report_id"] == event["report_id"] and report["job_id"] == options.job_id
    assert report["score"] == event["score"] and report["grade"] == event["grade"]
    json.dump(
        {
            "job_id": report["job_id"],
            "report_id": report["report_id"],
            "score": report["score"],
            "grade": report["grade"],
            "words": sum(len(line["text"].split()) for answer in report["answers"] for line in answer["transcript"]),
            "html_bytes": len(html),
            "events": sorted(set(seen.values())),
        },
        sys.stdout,
    )
    print()


if __name__ == "__main__":
    main()
