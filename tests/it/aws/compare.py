"""Runs the command lines of the tables in this folder with the AWS CLI and with the small `aws`, each against a moto server of its own, and compares stdout,
stderr's first line, the exit status and the state afterwards. Prints the page tests/aws.md.

    compare.py REAL-AWS SMALL-AWS MOTO-SERVER TABLES FOLDER RECORDS [--version-2]

TABLES is a folder with the tables, files NAME.txt, each of which gets servers of its own. The AWS CLI takes minutes for a table, so its answers are
kept in the folder RECORDS, in NAME.json. They are recorded anew where a command line of the table is not in the record.
SMALL-AWS `-` only records. With --version-2, REAL-AWS is version 2 of the AWS CLI, whose exit status is expected as it is.
"""

import hashlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import boto3
import botocore.exceptions

REAL, SMALL, MOTO, TABLES, FOLDER, RECORDS, *MORE = sys.argv[1:]
IS_VERSION_2 = MORE == ["--version-2"]
ACCOUNT = "123456789012"
CONFIG = "[default]\ncli_timestamp_format = iso8601\nregion = eu-west-1\ns3 =\n    signature_version = s3v4\n"


class Side:
    """One of the two programs, with its server, its folder and its results."""

    def __init__(self, table, name, program):
        self.name = name
        self.folder = pathlib.Path(FOLDER) / f"{table.stem}-{name}"
        (self.folder / "bin").mkdir(parents=True)
        (self.folder / "bin" / "aws").symlink_to(program)
        self.config = self.folder / "config"
        self.config.write_text(CONFIG)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = ["timeout", "2400", MOTO, "-H", "127.0.0.1", "-p", str(self.port)]
        log = open(self.folder / "moto.log", "wb")
        self.server = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.endpoint = f"http://127.0.0.1:{self.port}"

    def wait(self):
        for _ in range(600):
            try:
                urllib.request.urlopen(self.endpoint + "/moto-api/data.json").read(1)
                return
            except OSError:
                time.sleep(0.1)
        sys.exit(f"moto_server of {self.name} does not answer")

    def environment(self):
        own = {
            "PATH": f"{self.folder}/bin:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.folder),
            "TZ": "UTC",
            "LC_ALL": "C.UTF-8",
            "AWS_CONFIG_FILE": str(self.config),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.folder / "credentials"),
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_RETRY_MODE": "standard",
        }
        return own

    def run(self, groups):
        results = []
        for name, lines in groups:
            folder = self.folder / "work" / re.sub(r"\W+", "-", name)
            folder.mkdir(parents=True)
            for _, line in lines:
                done = subprocess.run(
                    ["timeout", "60", "bash", "-c", line],
                    cwd=folder,
                    env=self.environment(),
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                )
                results.append([f"{name}: {line}", self.clean(done.stdout), self.clean(done.stderr), done.returncode])
                (self.folder / "results.json").write_text(json.dumps(results, indent=1, ensure_ascii=False))
        return results

    def clean(self, raw):
        """Without progress, and without what is the server's own."""
        text = raw.decode("utf-8", "replace")
        lines = []
        for line in text.split("\n"):
            last = line.split("\r")[-1]
            if "\r" in line and not last.strip():
                continue
            lines.append(last.rstrip() if "\r" in line else line)
        text = "\n".join(lines).replace(str(self.folder), "FOLDER").replace(str(self.port), "PORT")
        text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID", text)
        text = re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "TIME", text, flags=re.M)
        return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)", "TIME", text)

    def state(self):
        """What the server holds."""
        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "eu-west-1", "endpoint_url": self.endpoint}
        s3 = boto3.client("s3", **keys)
        found = {}
        for bucket in s3.list_buckets()["Buckets"]:
            found[f"s3://{bucket['Name']}"] = "bucket"
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket["Name"]):
                for entry in page.get("Contents", []):
                    answer = s3.get_object(Bucket=bucket["Name"], Key=entry["Key"])
                    fields = ["ContentType", "CacheControl", "ContentDisposition", "ContentLanguage", "ContentEncoding", "Metadata"]
                    fields += ["StorageClass", "ServerSideEncryption", "SSEKMSKeyId", "WebsiteRedirectLocation", "ETag", "Expires"]
                    fields += ["ExpiresString"]
                    about = {field: str(answer.get(field)) for field in fields}
                    try:
                        grants = s3.get_object_acl(Bucket=bucket["Name"], Key=entry["Key"])["Grants"]
                        about["acl"] = str([(grant["Grantee"].get("URI"), grant["Permission"]) for grant in grants])
                    except botocore.exceptions.ClientError as error:
                        about["acl"] = str(error)  # moto has none for some keys
                    about["sha256"] = hashlib.sha256(answer["Body"].read()).hexdigest()
                    found[f"s3://{bucket['Name']}/{entry['Key']}"] = about
        ssm = boto3.client("ssm", **keys)
        for parameter in ssm.get_parameters_by_path(Path="/", Recursive=True, WithDecryption=True)["Parameters"]:
            found["ssm " + parameter["Name"]] = [parameter["Type"], parameter["Value"], parameter["Version"]]
        items = boto3.client("dynamodb", **keys).scan(TableName="items")["Items"]
        found["dynamodb"] = sorted(json.dumps(item, sort_keys=True, default=str) for item in items)
        rules = boto3.client("events", **keys).list_rules()["Rules"]
        found["events"] = [[rule["Name"], rule["State"]] for rule in rules]
        return found


def groups(table):
    found = []
    for line in table.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("= "):
            found.append((line[2:], []))
            continue
        reason, command = ("", line)
        if line.startswith("@"):
            _, reason, command = line.split("@", 2)
        found[-1][1].append((reason, command))
    return found


def expected_status(status, stderr):
    """The status of version 2 for what version 1 has done."""
    if IS_VERSION_2:
        return status
    if status == 2 and ("usage:" in stderr or "aws: error" in stderr):
        return 252
    if status != 255:
        return status
    if "Waiter " in stderr:
        return 255
    if "An error occurred (" in stderr:
        return 254
    usage = ["Parameter validation failed", "Error parsing parameter", "Invalid argument type", "Cannot mv", "Bad value for", "Invalid JSON"]
    usage += ["Please specify a valid bucket", "Unknown options", "Invalid endpoint", "Streaming currently is only"]
    if any(text in stderr for text in usage):
        return 252
    missing = ["Unable to locate credentials", "You must specify a region", "Partial credentials", "could not be found"]
    return 253 if any(text in stderr for text in missing) else 255


def comparable(line, text):
    """Progress pads the line after it, the order of parallel transfers is by chance, and so is that of a presigned URL's parameters."""
    lines = [line.rstrip() for line in text.split("\n")]
    if "sort" in line or "--force" in line or "--recursive" in line or "s3 sync" in line:
        lines.sort()
    return re.sub(r"(X-Amz-SignedHeaders=host)&(X-Amz-Expires=\d+)", r"\2&\1", "\n".join(lines))


def first(text):
    return next((line for line in text.splitlines() if line.strip()), "")


def known_stderr(text):
    """Usage differs between the versions; what counts is the line that names the error."""
    if "usage:" in text:
        text = next((line for line in text.splitlines() if line.startswith("aws: error")), "")
        return re.sub(r"([Ii]nvalid choice|Found invalid choice).*", "invalid choice", text.replace("argument command: ", "").replace("argument operation: ", ""))
    return first(text)


def answers(table, name, program):
    """Runs a table with one program."""
    side = Side(table, name, program)
    try:
        side.wait()
        return {"results": side.run(groups(table)), "state": side.state()}
    finally:
        side.server.terminate()
        side.server.wait()


def recorded(table):
    """The answers of the AWS CLI."""
    names = [f"{group}: {line}" for group, commands in groups(table) for _, line in commands]
    record = pathlib.Path(RECORDS) / f"{table.stem}.json"
    real = json.loads(record.read_text()) if record.exists() else {"results": []}
    if [result[0] for result in real["results"]] != names:
        real = answers(table, "real", REAL)
        record.write_text(json.dumps(real, indent=1, ensure_ascii=False) + "\n")
    return real


def main():
    lines, real, small, states = [], [], [], [{}, {}]
    for table in sorted(pathlib.Path(TABLES).glob("*.txt")):
        theirs = recorded(table)
        if SMALL == "-":
            continue
        ours = answers(table, "small", SMALL)
        lines += [(group, reason, line) for group, commands in groups(table) for reason, line in commands]
        real += theirs["results"]
        small += ours["results"]
        for states_of_side, state in zip(states, (theirs["state"], json.loads(json.dumps(ours["state"])))):
            states_of_side.update({f"{table.stem}: {name}": value for name, value in state.items()})
    if SMALL != "-":
        report(lines, real, small, states)


def report(lines, real, small, states):
    same, known, differing = 0, [], []
    for (group, reason, line), (_, out, err, status), (_, our_out, our_err, our_status) in zip(lines, real, small):
        faults = []
        if comparable(line, out) != comparable(line, our_out):
            faults.append(("stdout", out, our_out))
        refused = our_status == 252 and "is not served" in our_err
        if expected_status(status, err) != our_status:
            faults.append(("status", f"{expected_status(status, err)} (version 1: {status})", str(our_status)))
        if known_stderr(err) != known_stderr(our_err) and not (refused and expected_status(status, err) == 252):
            faults.append(("stderr", known_stderr(err), known_stderr(our_err)))
        if not faults:
            same += 1
        elif reason:
            known.append((reason, line, faults))
        else:
            differing.append((group, line, faults))
    names = sorted(states[0])
    state = [(name, states[0].get(name), states[1].get(name)) for name in names if states[0][name] != states[1].get(name)]
    print("# The small `aws` beside the AWS CLI\n")
    print("<!-- Written by the test `aws`: UPDATE_GOLDEN=1 cargo test --features aws --test it -- aws:: -->\n")
    print(f"The test runs the {len(lines)} command lines of [two tables](it/aws) with the AWS CLI (version 1, from PyPI) and with the small")
    print("`aws`, each against a moto server of its own. It compares stdout, the first line of stderr, the exit status (that of version 2) and the state")
    print("of both servers afterwards.\n")
    print(f"- {same} lines: no difference.\n- {len(known)} lines: a known difference, listed below.\n- {len(differing)} lines: an unknown difference.\n")
    print(f"The servers hold {len(names)} things afterwards; {len(state)} differ.\n")
    for title, entries in (("Known differences", known), ("Unknown differences", differing)):
        if entries:
            print(f"## {title}\n")
        for reason, line, faults in entries:
            print(f"### `{line}`\n\n{reason}\n")
            for what, theirs, ours in faults:
                print(f"- {what} of the AWS CLI:\n\n  ```text\n{indent(theirs)}\n  ```\n\n  of the small `aws`:\n\n  ```text\n{indent(ours)}\n  ```\n")
    if state:
        print("## State\n")
        for name, theirs, ours in state:
            print(f"- `{name}`: {theirs} / {ours}")
    sys.exit(1 if differing or state else 0)


def indent(text):
    return "\n".join("  " + line for line in text.rstrip("\n").splitlines()[:25])


main()
